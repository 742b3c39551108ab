"""Further processes of a trial that several workers train together, each an actor of Ray.

The trial's own process is the first worker. The others are started in the trial's placement group
and stay for its next trial. They end with it, as Ray ends actors whose owner is gone.
"""

import re
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ray
from ray.util import get_current_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.errors import StorageError, TrialError
from tune_mc1.modules.ranks import Rank, leave_group
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.module_context import ModuleContext
from tune_mc1.training.lightning_private import load_lightning

if TYPE_CHECKING:
    from tune_mc1.modules.fit import FitOutcome

END_WAIT_S = 30.0
"""Seconds for which a worker waits for the others to end, once it has ended itself."""

CAUSE_WAIT_S = 2.0
"""Seconds for which a worker that has failed waits for the others to say why."""

_CONNECTION = re.compile(r"gloo|NCCL|[Cc]onnection (closed|reset)")

RAISED = "raised"
"""State of a worker that failed, but might not if the trial is tried again."""

_started: list[Any] = []
"""The other workers of this process's trials."""


class Worker:
    """A worker of a trial; an actor."""

    def node(self) -> str:
        """Node on which it runs."""
        return str(ray.get_runtime_context().get_node_id())

    def fit(self, trial: dict[str, Any], context: ModuleContext, rank: Rank) -> tuple[str, str]:
        """Trains a trial together with the others; returns its state, or `RAISED`, and why.

        Args:
            trial: The dumped `ProgramTrial`.
            context: Settings that the trials of the sweep share.
            rank: Place of this worker.
        """
        from tune_mc1.running.module_worker import at_home, module_trial
        from tune_mc1.training.trial_log import trial_log

        load_lightning(whole=True)
        spec = ProgramTrial.model_validate(trial)
        log = ResultDir(context.root).log(f"{spec.id}-worker{rank.global_rank()}")
        with trial_log(log), at_home(spec, context):
            from tune_mc1.modules.fit import fit

            try:
                outcome = fit(replace(module_trial(spec, context), rank=rank), None)
            except TrialError as error:
                return RAISED, str(error)
            finally:
                leave_group()
        return outcome.state, outcome.error or ""


def fit_together(
    trial: ProgramTrial,
    context: ModuleContext,
    workers: int,
    fit: Callable[[Rank], "FitOutcome"],
) -> "FitOutcome":
    """Trains a trial in this process and in further workers.

    Args:
        trial: The trial.
        context: Settings that the trials of the sweep share.
        workers: Number of workers, with this one.
        fit: Trains in this process, with its place among all.

    Raises:
        TrialError: If a worker failed, and another attempt might not.
    """
    actors = _actors(context, workers)
    nodes = [str(ray.get_runtime_context().get_node_id())]
    nodes += ray.get([actor.node.remote() for actor in actors])
    first, *ranks = _ranks(nodes)
    dumped = trial.model_dump()
    running = [
        actor.fit.remote(dumped, context, rank) for actor, rank in zip(actors, ranks, strict=True)
    ]
    try:
        outcome = fit(first)
        leave_group()
        if outcome.state not in ("completed", "stopped"):
            return outcome  # so have the others, or they are ended
        if (cause := _failure(running, END_WAIT_S)) is not None:
            return _outcome(*cause)
    except BaseException as error:
        leave_group()
        cause = _failure(running, CAUSE_WAIT_S)
        _end(actors)
        if cause is None or _ends_the_sweep(error):
            raise
        return _outcome(*cause)
    finally:
        if len(ray.wait(running, num_returns=len(running), timeout=CAUSE_WAIT_S)[0]) < len(running):
            _end(actors)
    return outcome


def _ends_the_sweep(error: BaseException) -> bool:
    """Whether an error counts whatever became of the other workers."""
    from tune_mc1.modules.fit import SweepError

    return not isinstance(error, Exception) or isinstance(error, SweepError | StorageError)


def _outcome(state: str, reason: str) -> "FitOutcome":
    """The outcome of a trial whose worker failed; TrialError if it may be tried again."""
    from tune_mc1.modules.fit import FitOutcome

    if state == RAISED:
        raise TrialError(reason)
    return FitOutcome(state, reason)


def _failure(running: list[Any], limit_s: float) -> tuple[str, str] | None:
    """State of another worker that failed by itself, and why; None if none did.

    One that fails because its connection to a worker that has failed is closed is not the cause.
    """
    done, late = ray.wait(running, num_returns=len(running), timeout=limit_s)
    for one in done:
        try:
            state, reason = ray.get(one)
        except ray.exceptions.RayError as error:
            return RAISED, f"a worker was lost: {' '.join(str(error).split())[:300]}"
        if state in ("failed", RAISED) and not _CONNECTION.search(reason):
            return state, reason
    waited = bool(late) and limit_s == END_WAIT_S
    return (RAISED, f"{len(late)} workers did not end") if waited else None


def _actors(context: ModuleContext, workers: int) -> list[Any]:
    """The other workers, started unless they are still there."""
    if len(_started) == workers - 1 and _alive(_started):
        return list(_started)
    _end(list(_started))
    group = get_current_placement_group()
    assert group is not None  # of the trial
    kind = ray.remote(Worker)
    for bundle in range(1, workers):
        place = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=bundle)
        options = kind.options(  # two threads: no signal handler of Lightning's in the main one
            num_cpus=context.cpus,
            num_gpus=context.gpus,
            max_concurrency=2,
            scheduling_strategy=place,
        )
        _started.append(options.remote())
    return list(_started)


def _alive(actors: list[Any]) -> bool:
    try:
        ray.get([actor.node.remote() for actor in actors], timeout=END_WAIT_S)
    except ray.exceptions.RayError:
        return False
    return True


def _end(actors: list[Any]) -> None:
    for actor in actors:
        ray.kill(actor)
    _started.clear()


def _ranks(nodes: list[str]) -> list[Rank]:
    """Places of all workers, the first of which is this process.

    Args:
        nodes: Node of each worker.
    """
    distinct = list(dict.fromkeys(nodes))
    address = "127.0.0.1" if len(distinct) == 1 else ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    return [
        Rank(
            rank,
            len(nodes),
            nodes[:rank].count(node),
            distinct.index(node),
            address,
            port,
        )
        for rank, node in enumerate(nodes)
    ]
