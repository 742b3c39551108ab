"""Ray Tune's side of a sweep's trials: what a trial asks for, the Tuner, and its run."""

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ray import tune
from ray.tune import (
    Callback,
    FailureConfig,
    PlacementGroupFactory,
    RunConfig,
    TuneConfig,
    Tuner,
)
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.search import Searcher

from tune_mc1.errors import SweepStopped
from tune_mc1.planning.resources import TrialResources
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.schedulers.first_come import FirstCome
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.running.worker import SweepContext, run_in_tune

_PENDING = "TUNE_MAX_PENDING_TRIALS_PG"


def resource_request(each: TrialResources, workers: int) -> Any:
    """What a trial asks Ray for: one bundle of resources per worker."""
    if workers == 1:
        return {"cpu": each.cpu, "gpu": each.gpu}
    return PlacementGroupFactory([{"CPU": each.cpu, "GPU": each.gpu}] * workers)


def trainable_of(
    context: SweepContext | OwnContext,
    images: Any,
    each: TrialResources,
    decisions: Any,
    *,
    ahead: bool,
) -> Any:
    """The function that trains a trial or group, with what all of them share.

    Args:
        context: Settings that the trials share.
        images: Reference to the images in the object store; None for a program.
        each: Resources of each trial or group.
        decisions: Actor that tells which trials are stopped early; None without one.
        ahead: Whether nothing is decided on reports, so that our own training need not wait.
    """
    if isinstance(context, OwnContext):
        told = replace(context, cpus=each.cpu, gpus=each.gpu, decisions=decisions)
        return tune.with_parameters(context.trainable, context=told)
    shared = replace(context, gpu=each.gpu, decisions=decisions, ahead=ahead)
    return tune.with_parameters(run_in_tune, context=shared, data=images)


def make_tuner(
    run: SweepRun,
    trainable: Any,
    search: Searcher,
    samples: int,
    scheduler: FirstCome,
    callbacks: Sequence[Callback],
) -> Tuner:
    """The Tuner of a sweep, of which nothing is restored: a sweep resumes from its own journal."""
    return Tuner(
        trainable,
        tune_config=TuneConfig(
            search_alg=search,
            scheduler=scheduler,
            num_samples=samples,
            reuse_actors=True,
            max_concurrent_trials=None,
            trial_dirname_creator=_dirname,
        ),
        run_config=RunConfig(
            name="tune",
            storage_path=str(run.where.ray),
            verbose=0,
            failure_config=FailureConfig(max_failures=run.sweep.max_failures),
            callbacks=[*callbacks, _NoProgress()],
        ),
    )


class _NoProgress(TrialProgressCallback):
    """In the place of Ray Tune's, which names a trial without results even with `verbose=0`."""

    def log_result(self, *_: Any, **__: Any) -> None:
        """Prints nothing."""

    def on_trial_complete(self, *_: Any, **__: Any) -> None:
        """Prints nothing."""


@contextmanager
def starting_together(trials: int) -> Iterator[None]:
    """Has Ray start so many trials at a time; 0 leaves it to Ray.

    Ray starts the trials of a searcher one by one, in case they depend on each other.
    """
    before = os.environ.get(_PENDING)
    if trials:
        os.environ[_PENDING] = str(trials)
    try:
        yield
    finally:
        os.environ.pop(_PENDING, None)
        if before is not None:
            os.environ[_PENDING] = before


def fit(tuner: Tuner, where: ResultDir) -> None:
    """Runs all trials.

    Raises:
        SweepStopped: If Ray Tune fails, or a callback ends the sweep.
    """
    try:
        tuner.fit()
    except Exception as error:
        log = where.log("ray")
        log.write_text(traceback.format_exc())
        last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise SweepStopped(f"Ray Tune failed: {last[0]} (log: {log})") from error


def _dirname(trial: Any) -> str:
    return "-".join(t["id"] for t in trial.config["trials"][:1])
