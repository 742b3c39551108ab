"""Driver: runs a sweep on Ray Tune, from the validated file to the finished results."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import cast

import ray

from tune_mc1.cluster.nodes import trial_resources
from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.config.trial import Trial
from tune_mc1.data.decoding import portable
from tune_mc1.errors import SweepStopped
from tune_mc1.interruption import Interruption
from tune_mc1.planning.resources import TrialResources
from tune_mc1.results.events import Event, end_event, extend_event, trial_event
from tune_mc1.results.head import grow_event, sweep_event, write_head
from tune_mc1.results.schema import ENDED
from tune_mc1.results.steering.marks import size
from tune_mc1.results.store.probe import on_each_node
from tune_mc1.results.store.scratch_dir import remove_scratch_dir, scratch_dir
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.keep import checkpoint_keeper
from tune_mc1.running.early_end import price_events
from tune_mc1.running.early_start import EarlyStart
from tune_mc1.running.last_checkpoints import await_imminent
from tune_mc1.running.mapped_nodes import serve
from tune_mc1.running.module_context import ModuleContext
from tune_mc1.running.module_start import check_devices
from tune_mc1.running.module_winner import test_winners
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.program_start import directory_to_send
from tune_mc1.running.steering.callback import Steering
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.running.taking_over import copy_checkpoints, first_event, warm_events
from tune_mc1.running.tuning import tune_trials
from tune_mc1.running.winner import score_winners
from tune_mc1.running.worker import SweepContext
from tune_mc1.terminal.live_view import SweepView
from tune_mc1.tracking.tracker import Tracker

SPARE_WAIT_S = 30
"""Maximum seconds to wait for the spare process for the winner's test."""


def run_sweep(
    run: SweepRun,
    cluster: Cluster,
    view: SweepView,
    notify: Callable[[str], None],
    interruption: Interruption,
) -> SweepTables:
    """Runs all trials that have not ended, and scores the winner on the test images.

    Args:
        run: The sweep.
        cluster: The Ray cluster, connected or not; it is disconnected at the end.
        view: Shows the progress.
        notify: Called with each notice for the user.
        interruption: Ends the sweep early.

    Returns:
        The tables of the results, which are on disk too. Trials that did not finish are
        `interrupted`.

    Raises:
        SweepStopped: If the sweep was interrupted or cannot continue; all results are on disk.
        StorageError: If the directory is not writable at the start.
    """
    if not run.growth.changes:
        write_head(run.where, run.sweep, run.data)
    copy_checkpoints(run)
    writer = ResultWriter(run.where, tables=run.past.tables)
    writer.write(*_head_events(run))
    if run.growth.changes:  # the journal is first, so that a crash in between loses nothing
        write_head(run.where, run.sweep, run.data, run.growth.changes)
    writer.compact()
    steering = Steering(run, writer, view, lambda: interruption.stop(None))
    for tracker in run.trackers:
        tracker.start()
        interruption.exit_hooks.append(tracker.abandon)
    early = EarlyStart(run, cluster)
    writer.began = early.began
    try:
        _run(run, cluster, writer, view, notify, interruption, steering, early)
    except SweepStopped as stopped:
        await_imminent(run, writer.tables, stopped)
        raise
    finally:
        try:
            _close(writer)
        finally:
            early.close()
            cluster.shutdown()
            shutil.rmtree(run.where.features, ignore_errors=True)
            _finish(run.trackers, interruption)
            steering.close()
    return writer.tables


def _head_events(run: SweepRun) -> Iterable[Event]:
    """Events of the sweep and its trials that the journal does not have yet."""
    known = run.past.tables.trials
    if run.past.tables.metadata:
        yield {"event": "resume"}
        yield from _growth_events(run)
    else:
        ids = run.program.id if run.program else ""
        yield first_event(run, sweep_event(run.sweep, run.data, ids, run.where.root.name))
    for trial in run.trials:
        if trial.id not in known:
            yield trial_event(trial)
        elif isinstance(trial, Trial) and known[trial.id]["epochs"] != trial.epochs:
            yield extend_event(trial)
    yield from warm_events(run)
    yield from price_events(run)
    if size(run.past.tables) not in (None, run.max_concurrent):
        yield {"event": "resize", "max_concurrent": cast(int, run.max_concurrent)}


def _growth_events(run: SweepRun) -> Iterable[Event]:
    """Events of a resumed sweep that has other trials than before."""
    growth, past = run.growth, run.past.tables
    if growth.changes:
        yield grow_event(run.sweep, run.data, past.metadata, growth.changes)
    yield from growth.again
    for trial in growth.outside:
        if past.trials[trial]["state"] not in ENDED:
            yield {"event": "drop", "trial": trial}


def _run(
    run: SweepRun,
    cluster: Cluster,
    writer: ResultWriter,
    view: SweepView,
    notify: Callable[[str], None],
    interruption: Interruption,
    steering: Steering,
    early: EarlyStart,
) -> None:
    if run.complete:
        with view.showing(writer.tables):
            pass
        if (keeper := checkpoint_keeper(run, writer, notify)) is not None:
            keeper.finish()
        return
    with interruption.interruptible():
        cluster.connect()
    interruption.install()  # connecting to a cluster, Ray has installed its own handler
    cluster.watch(interruption.stop)
    shutil.rmtree(run.where.ray, ignore_errors=True)  # nothing is restored from it
    resources = trial_resources(run.sweep, run.training_trials)
    check_devices(run.sweep, resources)
    keeper = checkpoint_keeper(run, writer, notify)
    tune = partial(tune_trials, check=interruption.check, further=keeper, steering=steering)
    tune = partial(tune, at_end=cluster.at_end)
    if run.program is not None:
        with view.showing(writer.tables):
            tune(run, early.told(run.program), None, resources, writer, view)
        if isinstance(run.program, ModuleContext):
            with interruption.interruptible():
                tested = test_winners(run.program, resources, writer.tables, notify)
            writer.write(*tested)
        if keeper is not None:
            keeper.finish()
        _remove_scratch(run.program, interruption)
        return
    context = _context(run, resources)
    with interruption.interruptible():
        images = ray.put(portable(run.images))
    with view.showing(writer.tables):
        spare = tune(run, context, images, resources, writer, view)
    with interruption.interruptible():
        if spare is not None:  # a process that is almost ready is faster than a new one
            ray.wait([spare], timeout=SPARE_WAIT_S)
        scored = score_winners(run, context, images, resources, writer.tables, notify)
    scored.write(writer)
    if keeper is not None:
        keeper.finish()
    _remove_scratch(context, interruption)


def _remove_scratch(context: SweepContext | OwnContext, interruption: Interruption) -> None:
    """Removes what trials left on the nodes of a cluster, if an object store has it."""
    if not context.keep:
        with interruption.interruptible(), suppress(Exception):  # only cleanup
            on_each_node(remove_scratch_dir, context.root)


def _finish(trackers: Sequence[Tracker], interruption: Interruption) -> None:
    """Waits for the trackers, only briefly if the sweep was interrupted or is now."""
    for i, tracker in enumerate(trackers):
        if interruption.seconds_left < float("inf"):
            tracker.finish(timeout_s=interruption.seconds_left / (4 * (len(trackers) - i)))
        else:
            with suppress(SweepStopped), interruption.interruptible():
                tracker.finish()


def _close(writer: ResultWriter) -> None:
    """Records trials that still run, whatever ended the sweep, as interrupted."""
    cut = writer.tables.in_state("running")
    try:
        writer.write(*(end_event(trial, "interrupted") for trial in cut), {"event": "close"})
    finally:
        writer.close()


def _context(run: SweepRun, resources: TrialResources) -> SweepContext:
    keep = run.remote is None or run.address is None  # all trials run on this machine
    sent = directory_to_send(run.sweep)
    return SweepContext(
        root=run.where.root if run.remote is None or keep else scratch_dir(run.remote),
        metric=run.sweep.metric.name,
        maximize=run.maximize,
        chosen=run.sweep.chosen_metrics,
        validation=run.sweep.validation,
        threads=resources.threads,
        gpu=resources.gpu,
        remote=run.remote,
        keep=keep,
        import_from=run.sweep.import_from,
        sent=str(sent) if run.address and sent else None,
        blocks=serve(run.images) if run.address else None,
    )
