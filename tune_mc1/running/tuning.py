"""Ray Tune run of a sweep's trials: groups, search, scheduler, callbacks."""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ray import tune
from ray.tune import Callback

from tune_mc1.cluster.nodes import cluster_capacity, free_nodes
from tune_mc1.cluster.ray_private import count_no_callbacks, retry_lost_resets
from tune_mc1.config.module_sweep import workers_of
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.planning.batches import alone
from tune_mc1.planning.resources import (
    Node,
    TrialResources,
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
from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.grouping import batches_of, groups_of
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.ray_tuner import fit, make_tuner, resource_request, trainable_of
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
        at_end: Gets what ends the trials' processes, for a Ray that goes on after an interruption.

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
    groups = _told(view, groups_of(run, left, at_once, resources, capacity.up))
    group = partial(groups_of, run, at_once=1, resources=resources, up=capacity.up)
    batch = batches_of(run, at_once, resources, capacity.up, group)
    largest = max([batch.limit, *map(len, groups)])
    end = EarlyEnd(run, writer)
    scheduler, decisions = _scheduler(run, writer, view, end, at_once, grouped=largest > 1)
    again = partial(_promoting, run, at_once, resources, capacity.up, scheduler)
    learning = learning_trials(run, groups, writer, batch) if learns else None
    source = learning or PlannedTrials(groups)
    search = LimitedTrials(UntilTheEnd(again(source), end), run.max_concurrent, largest)
    samples = _most_new(run) + len(left) if learns else len(groups)
    workers = workers_of(run.sweep)
    busy = min(samples, search.groups or samples) * workers
    each = widen_gpu_share(resources, busy, capacity, free_nodes() if resources.gpu else None)
    if steering is not None:
        context = replace(context, signals=steering.signals.key)
    train = trainable_of(context, images, each, decisions, ahead=not (scheduler or learns))
    trainable = tune.with_resources(train, resource_request(each, workers))
    if not learns:
        # Ray starts the trials of a searcher one by one, in case they depend on each other.
        os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(at_once)
    spare = SpareProcess(samples, resources, own=run.address is None, more=search.has_more)
    optional = (None if run.program is not None else spare, further, steering)
    callbacks = _callbacks(run, writer, ProgressCallback(view, run.trackers, check), scheduler, end)
    callbacks += [callback for callback in optional if callback is not None]
    starts = _held(scheduler or FirstCome(), at_end)
    if steering is not None:
        groupable = scheduler is None or decisions is not None  # else nobody would tell a group
        divide = partial(groups_of, run, at_once=at_once, resources=resources, up=capacity.up)
        parts = (end, divide if groupable else alone().group, partial(_room, each, workers))
        steering.begin(RunningSearch(search, source, *parts, starts.reopen, steering.signals))
    retry_lost_resets()
    count_no_callbacks()
    started = _UNLIMITED if scheduler is not None and scheduler.promotes else samples
    fit(make_tuner(run, trainable, search, started, starts, callbacks), run.where)
    if steering is not None:
        steering.signals.close()
    _end(learning, end, writer, view)
    return spare.process


def _held(
    scheduler: EarlyStopping | FirstCome, at_end: list[Callable[[], None]] | None
) -> EarlyStopping | FirstCome:
    """The scheduler, which ends the trials' processes once all that is at the end is called."""
    if at_end is not None:
        at_end.append(scheduler.release)
    return scheduler


def _end(
    learning: LearningTrials | None, end: EarlyEnd, writer: ResultWriter, view: SweepView
) -> None:
    """Says if the search has tried all settings, and ends trials that pause for good."""
    if learning is not None and learning.used_up:
        view.say_used_up()
    if end.reason is None:  # else paused trials may go on later
        paused = writer.tables.in_state("paused")
        writer.write(*(end_event(trial, "stopped") for trial in paused))


def _told(view: SweepView, groups: Sequence[Sequence[AnyTrial]]) -> Sequence[Sequence[AnyTrial]]:
    """The groups, whose sizes the estimate of the time left then knows."""
    view.left.sizes = {trial.id: len(group) for group in groups for trial in group}
    return groups


def _scheduler(
    run: SweepRun,
    writer: ResultWriter,
    view: SweepView,
    end: EarlyEnd,
    at_once: int,
    *,
    grouped: bool,
) -> tuple[EarlyStopping | None, Any]:
    """The sweep's trial scheduler, and the actor that tells trials its decisions, if they ask."""
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
    recorder = ResultCallback(writer, stopped.__contains__, is_hung, waits, is_cut)
    return [recorder, progress, hangs]


def _room(each: TrialResources, workers: int) -> int:
    """Number of trials or groups for which there are resources now."""
    return max(1, max_concurrent(each, cluster_capacity()) // workers)


def _most_new(run: SweepRun) -> int:
    """Number of settings that a search that learns may still suggest."""
    return max(0, (run.sweep.run_cap or MAX_TRIALS) - len(run.trials))


def _promoting(
    run: SweepRun,
    at_once: int,
    resources: TrialResources,
    up: Sequence[Node],
    scheduler: EarlyStopping | None,
    search: QueueSearcher,
) -> QueueSearcher:
    """The search, which lets paused trials go on first, if the scheduler promotes them."""
    if scheduler is None or not scheduler.promotes:
        return search
    fused = run.program is None and run.sweep.fuse != "off"
    regroup = (
        partial(groups_of, run, at_once=at_once, resources=resources, up=up) if fused else None
    )
    return PromotingTrials(
        search, scheduler, run.trials, run.past.tables, limit=at_once + 1, regroup=regroup
    )
