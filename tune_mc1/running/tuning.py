"""Ray Tune run of a sweep's trials: groups, search, scheduler, callbacks."""

import math
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
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
from ray.tune.search import ConcurrencyLimiter, Searcher

from tune_mc1.cluster.nodes import cluster_capacity, free_nodes
from tune_mc1.cluster.ray_private import count_no_callbacks, retry_lost_resets
from tune_mc1.config.module_sweep import workers_of
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.splits import make_split
from tune_mc1.errors import SweepStopped
from tune_mc1.planning.batches import ALONE, Batches, batches
from tune_mc1.planning.forecast import trial_seconds
from tune_mc1.planning.fusion import group_seconds, plan_groups
from tune_mc1.planning.resources import (
    Node,
    TrialResources,
    full_speed_slots,
    max_concurrent,
    widen_gpu_share,
)
from tune_mc1.planning.search_space import MAX_TRIALS
from tune_mc1.registry import resolve
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.hangs import HangCallback
from tune_mc1.running.callbacks.recorder import ResultCallback
from tune_mc1.running.callbacks.spare import SpareProcess
from tune_mc1.running.callbacks.watch import ProgressCallback
from tune_mc1.running.decisions import start_decisions
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.schedulers.early_stopping import EarlyStopping, make_scheduler
from tune_mc1.running.search.learning import LearningTrials
from tune_mc1.running.search.planned import PlannedTrials
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.running.worker import SweepContext, run_in_tune
from tune_mc1.terminal.live_view import SweepView


def tune_trials(
    run: SweepRun,
    context: SweepContext | OwnContext,
    images: Any,
    resources: TrialResources,
    writer: ResultWriter,
    view: SweepView,
    check: Callable[[], None] = lambda: None,
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

    Returns:
        Reference to the task that prepares a spare process for the winner's test; None without one.

    Raises:
        SweepStopped: If the sweep cannot continue.
    """
    left = run.past.remaining(run.trials)
    learns = run.sweep.adapter is not None
    if not left and not learns:
        return None
    capacity = cluster_capacity()
    at_once = max(1, max_concurrent(resources, capacity) // workers_of(run.sweep))
    groups = _groups(run, left, at_once, resources, capacity.up)
    group = partial(_groups, run, at_once=1, resources=resources, up=capacity.up)
    batch = _batches(run, at_once, resources, capacity.up, group) if learns else ALONE
    decisions = None
    largest = max([batch.limit, *map(len, groups)])
    asked = run.program is not None or largest > 1
    if run.sweep.early_terminate is not None and asked:
        decisions = start_decisions()
    scheduler = make_scheduler(run, writer, decisions)
    stopped = scheduler.stopped if scheduler is not None else frozenset[str]()
    hangs = HangCallback(run.sweep.trial_timeout or math.inf)
    search, samples = _search(run, left, groups, writer, batch)
    most = search.max_concurrent if isinstance(search, ConcurrencyLimiter) else samples
    trials = min(samples, most) * workers_of(run.sweep)
    each = widen_gpu_share(resources, trials, capacity, free_nodes())
    trainable = tune.with_resources(
        _trainable(context, images, each, decisions), _request(each, workers_of(run.sweep))
    )
    if not learns:
        # Ray starts the trials of a searcher one by one, in case they depend on each other.
        os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(at_once)
    spare = SpareProcess(samples, resources, own=run.address is None)
    callbacks: list[Callback] = [
        ResultCallback(writer, stopped.__contains__, hangs.hung.__contains__),
        ProgressCallback(view, run.trackers, check),
        hangs,
    ]
    if run.program is None:
        callbacks.append(spare)
    retry_lost_resets()
    count_no_callbacks()
    _fit(_tuner(run, trainable, search, samples, scheduler, callbacks), run.where)
    inner = search.searcher if isinstance(search, ConcurrencyLimiter) else search
    if isinstance(inner, LearningTrials) and inner.used_up:
        view.say_used_up()
    return spare.process


def _request(each: TrialResources, workers: int) -> Any:
    """What a trial asks Ray for: one bundle of resources per worker."""
    if workers == 1:
        return {"cpu": each.cpu, "gpu": each.gpu}
    return PlacementGroupFactory([{"CPU": each.cpu, "GPU": each.gpu}] * workers)


def _trainable(
    context: SweepContext | OwnContext, images: Any, each: TrialResources, decisions: Any
) -> Any:
    if isinstance(context, OwnContext):
        told = replace(context, cpus=each.cpu, gpus=each.gpu, decisions=decisions)
        return tune.with_parameters(context.trainable, context=told)
    shared = replace(context, gpu=each.gpu, decisions=decisions)
    return tune.with_parameters(run_in_tune, context=shared, data=images)


def _tuner(
    run: SweepRun,
    trainable: Any,
    search: Searcher,
    samples: int,
    scheduler: EarlyStopping | None,
    callbacks: Sequence[Callback],
) -> Tuner:
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
            callbacks=list(callbacks),
        ),
    )


def _fit(tuner: Tuner, where: ResultDir) -> None:
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


def _groups(
    run: SweepRun,
    trials: Sequence[AnyTrial],
    at_once: int,
    resources: TrialResources,
    up: Sequence[Node],
) -> Sequence[Sequence[AnyTrial]]:
    """Groups of the remaining trials, in starting order; each of a program's is alone.

    All trials of a group continue from the same epoch.
    """
    if run.program is not None:
        return [[trial] for trial in trials]
    left = [trial for trial in trials if isinstance(trial, Trial)]
    shape, classes = run.images.image_shape, len(run.images.classes)
    images = len(run.images.train_labels)

    def seconds(config: TrialConfig) -> float:
        return trial_seconds(config, images, shape, classes)

    @cache
    def fold_sizes(fold: int | None) -> tuple[int, int]:
        split = make_split(run.images, run.sweep.validation, fold)
        return len(split.train), len(split.val)

    most = run.max_concurrent
    busy = full_speed_slots(resources, min(at_once, most or at_once), up)
    gpu = resources.gpu > 0
    limit = most if most is None or run.sweep.fuse != "auto" else max(1, most // busy)
    groups = [
        group
        for part in run.past.by_epoch(left)
        for group in plan_groups(
            part,
            run.sweep.fuse,
            busy,
            seconds,
            gpu=gpu,
            limit=limit,
            fold_sizes=fold_sizes,
            images=(shape, classes),
        )
    ]
    position = {trial.id: i for i, trial in enumerate(left)}
    groups.sort(key=lambda group: position[group[0].id])
    if run.sweep.early_terminate is None and any(len(group) > 1 for group in groups):
        # Longest first, so that no core idles for long at the end of the sweep.
        groups.sort(key=lambda group: -group_seconds(group, seconds, gpu, (shape, classes)))
    return groups


def _batches(
    run: SweepRun,
    at_once: int,
    resources: TrialResources,
    up: Sequence[Node],
    group: Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]],
) -> Batches:
    """How many settings a search that learns suggests at once."""
    if run.program is not None:
        return ALONE
    most = run.max_concurrent
    slots = full_speed_slots(resources, min(at_once, most or at_once), up)
    return batches(run.sweep.fuse, group, slots, most, gpu=resources.gpu > 0)


def _search(
    run: SweepRun,
    left: Sequence[AnyTrial],
    groups: Sequence[Sequence[AnyTrial]],
    writer: ResultWriter,
    batches: Batches,
) -> tuple[Searcher, int]:
    sweep = run.sweep
    search: Searcher
    if sweep.adapter is None:
        search, count = PlannedTrials(groups), len(groups)
    else:
        count = (sweep.run_cap or MAX_TRIALS) - len(run.trials) + len(left)
        search = LearningTrials(resolve(sweep.adapter)(sweep), sweep, writer.write, batches)
        search.replay(run.past.search, groups)
        writer.listeners.append(search.take)
    if run.max_concurrent is not None:
        largest = max([batches.limit, *map(len, groups)])
        search = ConcurrencyLimiter(search, max(1, run.max_concurrent // largest))
    return search, count
