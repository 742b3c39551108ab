"""Ray Tune run of a sweep's trials: groups, search, scheduler, callbacks."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import ray
from ray import tune
from ray.tune import Callback

from tune_mc1.cluster.nodes import cluster_capacity, free_nodes
from tune_mc1.cluster.ray_private import count_no_callbacks, retry_lost_resets
from tune_mc1.config.module_sweep import workers_of
from tune_mc1.planning.resources import TrialResources, max_concurrent, widen_gpu_share
from tune_mc1.planning.search_space import MAX_TRIALS
from tune_mc1.results.schema import ENDED
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.hangs import HangCallback
from tune_mc1.running.callbacks.keep import CheckpointKeeper
from tune_mc1.running.callbacks.recorder import ResultCallback
from tune_mc1.running.callbacks.spare import SpareProcess
from tune_mc1.running.callbacks.watch import ProgressCallback
from tune_mc1.running.decisions import start_decisions
from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.end_search import end_search
from tune_mc1.running.grouping import Grouping
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.ray_tuner import (
    fit,
    make_tuner,
    resource_request,
    starting_together,
    trainable_of,
)
from tune_mc1.running.schedulers.choice import make_scheduler
from tune_mc1.running.schedulers.early_stopping import EarlyStopping
from tune_mc1.running.schedulers.first_come import FirstCome
from tune_mc1.running.schedulers.population import PopulationTraining
from tune_mc1.running.search.begin_learning import learning_trials
from tune_mc1.running.search.learning import LearningTrials
from tune_mc1.running.search.limited import LimitedTrials
from tune_mc1.running.search.planned import PlannedTrials
from tune_mc1.running.search.promoting import PromotingTrials
from tune_mc1.running.search.queue import QueueSearcher
from tune_mc1.running.search.until_end import UntilTheEnd
from tune_mc1.running.steering.callback import Steering
from tune_mc1.running.steering.running_search import RunningSearch
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.running.worker import SweepContext
from tune_mc1.terminal.live_view import SweepView

_UNLIMITED = 10**9
"""Number of Ray's trials where promoted trials are further ones."""


def tune_trials(
    run: SweepRun,
    context: SweepContext | OwnContext,
    images: Any,
    resources: TrialResources,
    writer: ResultWriter,
    view: SweepView,
    check: Callable[[], None] = lambda: None,
    further: Callback | None = None,
    steering: Steering | None = None,
    at_end: list[Callable[[], None]] | None = None,
) -> Any:
    """Runs all trials of a sweep that have not ended; the results are in the writer's tables.

    Args:
        run: The sweep.
        context: Settings that the trials share.
        images: Reference to the images in the object store; None for a program.
        resources: Minimum resources of each trial or group.
        writer: Records the events.
        view: Shows the progress.
        check: Called after each step; an exception from it ends the sweep.
        further: A further callback.
        steering: Takes up requests.
        at_end: Gets what ends the processes of the sweep, the last first, for a Ray that goes on.

    Returns:
        Reference to the task that prepares a spare process for the winner's test; None without one.

    Raises:
        SweepStopped: If the sweep cannot continue.
    """
    if not (run.left or run.sweep.adapter is not None or run.past.waiting):
        return None
    grouping = Grouping(run, resources, cluster_capacity())
    source = _source(grouping, writer, view)
    end = EarlyEnd(run, writer)
    scheduler, decisions = _scheduler(grouping, writer, view, end, grouped=source.largest > 1)
    if decisions is not None and at_end is not None:
        at_end.append(partial(ray.kill, decisions))
    if isinstance(scheduler, PopulationTraining) and isinstance(further, CheckpointKeeper):
        scheduler.settle = further.settle
    promoting = _promoting(grouping, scheduler, source.search)
    until_end = UntilTheEnd(promoting, end, view.say_starting)
    search = LimitedTrials(until_end, run.max_concurrent, _rests(writer))
    search.least, search.places = source.usual, grouping.places
    each = _share(grouping, source.at_once(run.max_concurrent))
    if steering is not None:
        context = replace(context, signals=steering.signals.key)
    ahead = not (scheduler or source.learning)
    train = trainable_of(context, images, each, decisions, ahead=ahead)
    trainable = tune.with_resources(train, resource_request(each, workers_of(run.sweep)))
    spare = SpareProcess(source.trials, resources, own=run.address is None, more=search.has_more)
    optional = (None if run.program is not None else spare, further, steering)
    callbacks = _callbacks(run, writer, ProgressCallback(view, run.trackers, check), scheduler, end)
    callbacks += [callback for callback in optional if callback is not None]
    starts = _held(scheduler or FirstCome(), at_end)
    if steering is not None:
        groupable = scheduler is None or decisions is not None  # else nobody would tell a group
        now = (grouping, groupable, writer.tables, cluster_capacity, partial(_room, each, run))
        parts = (search, source.search, end, *now, starts.reopen, steering.signals)
        steering.begin(RunningSearch(*parts))
    retry_lost_resets()
    count_no_callbacks()
    promotes = scheduler is not None and scheduler.promotes
    # Groups may be divided, at most into single trials; the search says when it has no more.
    most = _UNLIMITED if promotes else max(source.trials, len(run.left))
    with starting_together(0 if source.learning else grouping.at_once):
        fit(make_tuner(run, trainable, search, most, starts, callbacks), run.where)
    if steering is not None:
        steering.signals.close()
    end_search(run, source.learning, end, writer, view)
    return spare.process


@dataclass(frozen=True)
class _Source:
    """Where the trials come from.

    Attributes:
        search: Gives them, or groups of them.
        learning: The same, if it learns from their results.
        largest: Number of trials in the largest group.
        trials: Largest number of Ray's trials, each a trial or a group.
        usual: Number of trials that a search that learns suggests at once; 1 for a plan.
    """

    search: PlannedTrials | LearningTrials
    learning: LearningTrials | None
    largest: int
    trials: int
    usual: int = 1

    def at_once(self, most: int | None) -> int:
        """Largest number of Ray's trials at a time, if at most so many of ours are."""
        return self.trials if most is None else min(self.trials, max(1, most // self.largest))


def _source(grouping: Grouping, writer: ResultWriter, view: SweepView) -> _Source:
    """The trials that are left, and those that a search will suggest."""
    run, batch = grouping.run, grouping.batches()
    groups = grouping.groups(run.left)
    view.left.sizes = {trial.id: len(group) for group in groups for trial in group}
    largest = max([batch.limit, *map(len, groups)])
    if run.sweep.adapter is None:
        return _Source(PlannedTrials(groups), None, largest, len(groups))
    learning = learning_trials(run, groups, writer, batch)
    most_new = max(0, (run.sweep.run_cap or MAX_TRIALS) - len(run.trials))
    return _Source(learning, learning, largest, most_new + len(run.left), batch.usual)


def _rests(writer: ResultWriter) -> Callable[[str], bool]:
    """Whether a trial runs no longer, or pauses."""
    rows = writer.tables.trials
    return lambda trial: trial in rows and rows[trial]["state"] in (*ENDED, "paused")


def _share(grouping: Grouping, at_once: int) -> TrialResources:
    """Resources of each of so many trials or groups, with a larger part of a GPU that is free."""
    least, capacity = grouping.resources, grouping.capacity
    busy = at_once * workers_of(grouping.run.sweep)
    return widen_gpu_share(least, busy, capacity, free_nodes() if least.gpu else None)


def _held(
    scheduler: EarlyStopping | FirstCome, at_end: list[Callable[[], None]] | None
) -> EarlyStopping | FirstCome:
    """The scheduler, which ends the trials' processes once all that is at the end is called."""
    if at_end is not None:
        at_end.append(scheduler.release)
    return scheduler


def _scheduler(
    grouping: Grouping, writer: ResultWriter, view: SweepView, end: EarlyEnd, *, grouped: bool
) -> tuple[EarlyStopping | None, Any]:
    """The sweep's trial scheduler, and the actor that tells trials its decisions, if they ask."""
    run, at_once = grouping.run, grouping.at_once
    scheduler = make_scheduler(run, writer)
    if scheduler is None:
        return None, None
    if isinstance(scheduler, PopulationTraining):
        scheduler.say, scheduler.processes = view.say, min(at_once, run.max_concurrent or at_once)
    view.why, scheduler.cuts = scheduler.why, end.cuts
    scheduler.know(run.warm.taken)
    regrouped = scheduler.promotes and run.sweep.fuse != "off"
    if run.program is None and not regrouped and not grouped:
        return scheduler, None
    decisions = start_decisions()
    scheduler.publish = decisions.publish.remote
    return scheduler, decisions


def _callbacks(
    run: SweepRun,
    writer: ResultWriter,
    progress: ProgressCallback,
    scheduler: EarlyStopping | None,
    end: EarlyEnd,
) -> list[Callback]:
    """Callbacks of every sweep; the first records what trials report, and how they end."""
    hangs = HangCallback(run.sweep.trial_timeout or math.inf)
    stopped = scheduler.stopped if scheduler is not None else frozenset[str]()
    waits = scheduler.waits if scheduler is not None else stopped.__contains__
    is_hung, is_cut = hangs.hung.__contains__, end.cut.__contains__
    recorder = ResultCallback(
        writer, stopped.__contains__, is_hung, waits, is_cut, progress.view.say
    )
    return [recorder, progress, hangs]


def _room(each: TrialResources, run: SweepRun) -> int:
    """Number of trials or groups for which there are resources now."""
    return max(1, max_concurrent(each, cluster_capacity()) // workers_of(run.sweep))


def _promoting(
    grouping: Grouping, scheduler: EarlyStopping | None, search: QueueSearcher
) -> QueueSearcher:
    """The search, which lets paused trials go on first, if the scheduler promotes them."""
    if scheduler is None or not scheduler.promotes:
        return search
    run = grouping.run
    regroup = grouping.groups if run.program is None and run.sweep.fuse != "off" else None
    limit = grouping.at_once + 1
    return PromotingTrials(
        search, scheduler, run.trials, run.past.tables, limit=limit, regroup=regroup
    )
