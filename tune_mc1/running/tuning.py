"""Ray Tune run of a sweep's trials: groups, search, scheduler, callbacks."""

import math
import os
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from ray import tune
from ray.tune import Callback
from ray.tune.search import ConcurrencyLimiter, Searcher

from tune_mc1.cluster.nodes import cluster_capacity, free_nodes
from tune_mc1.cluster.ray_private import count_no_callbacks, retry_lost_resets
from tune_mc1.config.module_sweep import workers_of
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.splits import make_split
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
from tune_mc1.results.events import end_event
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.hangs import HangCallback
from tune_mc1.running.callbacks.recorder import ResultCallback
from tune_mc1.running.callbacks.spare import SpareProcess
from tune_mc1.running.callbacks.watch import ProgressCallback
from tune_mc1.running.decisions import start_decisions
from tune_mc1.running.early_end import EarlyEnd, UntilTheEnd
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.ray_tuner import fit, make_tuner, resource_request, trainable_of
from tune_mc1.running.schedulers.early_stopping import EarlyStopping, make_scheduler
from tune_mc1.running.search.begin_learning import learning_trials
from tune_mc1.running.search.learning import LearningTrials
from tune_mc1.running.search.planned import PlannedTrials
from tune_mc1.running.search.promoting import PromotingTrials
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
    more: Callback | None = None,
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
        more: A further callback.

    Returns:
        Reference to the task that prepares a spare process for the winner's test; None without one.

    Raises:
        SweepStopped: If the sweep cannot continue.
    """
    left = run.left
    learns = run.sweep.adapter is not None
    if not left and not learns and not run.past.waiting:
        return None
    capacity = cluster_capacity()
    at_once = max(1, max_concurrent(resources, capacity) // workers_of(run.sweep))
    groups = _groups(run, left, at_once, resources, capacity.up)
    group = partial(_groups, run, at_once=1, resources=resources, up=capacity.up)
    batch = _batches(run, at_once, resources, capacity.up, group) if learns else ALONE
    scheduler = make_scheduler(run, writer)
    promotes = scheduler is not None and scheduler.promotes
    decisions = None
    regrouped = promotes and run.sweep.fuse != "off"
    largest = max([batch.limit, *map(len, groups)])
    asked = run.program is not None or regrouped or largest > 1
    if scheduler is not None and asked:
        decisions = start_decisions()
        scheduler.publish = decisions.publish.remote
    end = EarlyEnd(run, writer)
    if scheduler is not None:
        view.why, scheduler.cuts = scheduler.why, end.cuts
        scheduler.know(run.warm.taken)
    stopped = scheduler.stopped if scheduler is not None else frozenset[str]()
    waits = scheduler.waits if scheduler is not None else stopped.__contains__
    hangs = HangCallback(run.sweep.trial_timeout or math.inf)
    again = partial(_promoting, run, at_once, resources, capacity.up, scheduler)
    search, samples = _search(run, left, groups, writer, batch, again, end)
    most = search.max_concurrent if isinstance(search, ConcurrencyLimiter) else samples
    trials = min(samples, most) * workers_of(run.sweep)
    each = widen_gpu_share(resources, trials, capacity, free_nodes())
    trainable = tune.with_resources(
        trainable_of(context, images, each, decisions),
        resource_request(each, workers_of(run.sweep)),
    )
    if not learns:
        # Ray starts the trials of a searcher one by one, in case they depend on each other.
        os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(at_once)
    spare = SpareProcess(samples, resources, own=run.address is None)
    callbacks: list[Callback] = [
        ResultCallback(
            *(writer, stopped.__contains__, hangs.hung.__contains__, waits, end.cut.__contains__)
        ),
        ProgressCallback(view, run.trackers, check),
        hangs,
    ]
    if run.program is None:
        callbacks.append(spare)
    if more is not None:
        callbacks.append(more)
    retry_lost_resets()
    count_no_callbacks()
    most = _UNLIMITED if promotes else samples
    fit(make_tuner(run, trainable, search, most, scheduler, callbacks), run.where)
    inner = search.searcher if isinstance(search, ConcurrencyLimiter) else search
    if isinstance(inner, UntilTheEnd) and inner.used_up:
        view.say_used_up()
    rows = writer.tables.trials if end.reason is None else {}  # else they may go on later
    writer.write(*(end_event(t, "stopped") for t, row in rows.items() if row["state"] == "paused"))
    return spare.process


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
    promoting: Callable[[Searcher], Searcher],
    end: EarlyEnd,
) -> tuple[Searcher, int]:
    sweep = run.sweep
    search: Searcher
    learning: LearningTrials | None = None
    if sweep.adapter is None:
        search, count = PlannedTrials(groups), len(groups)
    else:
        count = max(0, (sweep.run_cap or MAX_TRIALS) - len(run.trials)) + len(left)
        search = learning = learning_trials(run, groups, writer, batches)
    search = UntilTheEnd(promoting(search), end, learning)
    if run.max_concurrent is not None:
        largest = max([batches.limit, *map(len, groups)])
        search = ConcurrencyLimiter(search, max(1, run.max_concurrent // largest))
    return search, count


def _promoting(
    run: SweepRun,
    at_once: int,
    resources: TrialResources,
    up: Sequence[Node],
    scheduler: EarlyStopping | None,
    search: Searcher,
) -> Searcher:
    """The search, which lets paused trials go on first, if the scheduler promotes them."""
    if scheduler is None or not scheduler.promotes:
        return search
    fused = run.program is None and run.sweep.fuse != "off"
    regroup = partial(_groups, run, at_once=at_once, resources=resources, up=up) if fused else None
    return PromotingTrials(
        search, scheduler, run.trials, run.past.tables, limit=at_once + 1, regroup=regroup
    )
