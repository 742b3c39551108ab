"""Driver: runs a sweep on Ray Tune, from the validated file to the finished results."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import ray

from tune_mc1.cluster.nodes import trial_resources
from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.errors import SweepStopped
from tune_mc1.interruption import Interruption
from tune_mc1.planning.removed import Removed
from tune_mc1.planning.resources import TrialResources
from tune_mc1.results.store.probe import on_each_node
from tune_mc1.results.store.scratch_dir import remove_scratch_dir, scratch_dir
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.keep import checkpoint_keeper
from tune_mc1.running.early_start import EarlyStart
from tune_mc1.running.last_checkpoints import await_imminent
from tune_mc1.running.mapped_nodes import serve
from tune_mc1.running.module_context import ModuleContext
from tune_mc1.running.module_start import check_devices
from tune_mc1.running.module_winner import test_winners
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.program_start import directory_to_send
from tune_mc1.running.program_worker import ProgramContext
from tune_mc1.running.put_images import put_images
from tune_mc1.running.record import close_record, finish_trackers, open_record, start_trackers
from tune_mc1.running.steering.callback import Steering
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.running.tuning import tune_trials
from tune_mc1.running.winner import score_winners
from tune_mc1.running.worker import SweepContext
from tune_mc1.terminal.live_view import SweepView

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
    writer = open_record(run)
    steering = Steering(run, writer, view, lambda: interruption.stop(None))
    start_trackers(run, interruption)
    early = EarlyStart(run, cluster)
    writer.began = early.began
    try:
        _run(run, cluster, writer, view, notify, interruption, steering, early)
    except SweepStopped as stopped:
        await_imminent(run, writer.tables, stopped)
        raise
    finally:
        try:
            close_record(writer)
        finally:
            early.close()
            cluster.shutdown()
            shutil.rmtree(run.where.features, ignore_errors=True)
            if not isinstance(run.program, ProgramContext):  # whose checkpoints are the user's
                run.where.remove_unfinished()
            finish_trackers(run, interruption)
            steering.close()
    return writer.tables


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
    with interruption.interruptible():
        cluster.connect()
    interruption.install()  # connecting to a cluster, Ray has installed its own handler
    cluster.watch(interruption.stop)
    shutil.rmtree(run.where.ray, ignore_errors=True)  # nothing is restored from it
    resources = trial_resources(run.sweep, run.training_trials)
    check_devices(run.sweep, resources)
    keeper, removed = checkpoint_keeper(run, writer, notify), Removed(set(run.past.removed))
    writer.listeners.append(removed.take)
    tune = partial(tune_trials, check=interruption.check, further=keeper, steering=steering)
    tune = partial(tune, at_end=cluster.at_end)
    if run.program is not None:
        with view.showing(writer.tables):
            tune(run, early.told(run.program), None, resources, writer, view)
        if isinstance(run.program, ModuleContext):
            with interruption.interruptible():
                tested = test_winners(run.program, resources, writer.tables, removed.trials, notify)
            writer.write(*tested)
        if keeper is not None:
            keeper.finish()
        _remove_scratch(run.program, interruption)
        return
    context = _context(run, resources)
    with interruption.interruptible():
        images = put_images(run.images)
    with view.showing(writer.tables):
        spare = tune(run, context, images, resources, writer, view)
    with interruption.interruptible():
        if spare is not None:  # a process that is almost ready is faster than a new one
            ray.wait([spare], timeout=SPARE_WAIT_S)
        tables = writer.tables
        scored = score_winners(run, context, images, resources, tables, removed.trials, notify)
    scored.write(writer)
    if keeper is not None:
        keeper.finish()
    _remove_scratch(context, interruption)


def _remove_scratch(context: SweepContext | OwnContext, interruption: Interruption) -> None:
    """Removes what trials left on the nodes of a cluster, if an object store has it."""
    if not context.keep:
        with interruption.interruptible(), suppress(Exception):  # only cleanup
            on_each_node(remove_scratch_dir, context.root)


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
