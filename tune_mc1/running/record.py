"""What a run of a sweep records before its trials begin, and after they have ended.

Imports no Ray.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import cast

from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.data.images import ImageData
from tune_mc1.errors import SweepStopped
from tune_mc1.interruption import Interruption
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event, end_event, extend_event, trial_event
from tune_mc1.results.head import grow_event, sweep_event, sweep_text, write_head
from tune_mc1.results.schema import ENDED
from tune_mc1.results.steering.marks import size
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.early_end import price_events
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.running.taking_over import copy_checkpoints, first_event, warm_events


def open_record(run: SweepRun) -> ResultWriter:
    """Writes the head of the results, and the events that the journal does not have yet.

    Args:
        run: The sweep.

    Returns:
        What records the further events.

    Raises:
        StorageError: If the directory is not writable.
    """
    if not run.growth.changes and (run.data is not None or isinstance(run.sweep, ProgramSweep)):
        write_head(run.where, run.sweep, run.data)  # else nothing is left, nor has changed
    copy_checkpoints(run)
    writer = ResultWriter(run.where, tables=run.past.tables)
    writer.write(*_head_events(run))
    if run.growth.changes:  # the journal is first, so that a crash in between loses nothing
        write_head(run.where, run.sweep, run.data, run.growth.changes)
    writer.compact()
    return writer


def has_news(run: SweepRun) -> bool:
    """True if a resumed sweep has more to record than that it was resumed."""
    news = any(event["event"] != "resume" for event in _head_events(run))
    return news or differs_from_file(run.sweep, run.data, run.where)


def differs_from_file(sweep: Sweep, data: ImageData | None, where: ResultDir) -> bool:
    """True if `sweep.yaml` is not that of the sweep, as after a crash while the sweep grew."""
    try:
        return where.sweep_file.read_text(encoding="utf-8") != sweep_text(sweep, data)
    except (OSError, ValueError):
        return True


def start_trackers(run: SweepRun, interruption: Interruption) -> None:
    """Starts the sweep's trackers; an exit that cannot wait abandons them."""
    for tracker in run.trackers:
        tracker.start()
        interruption.exit_hooks.append(tracker.abandon)


def _head_events(run: SweepRun) -> Iterable[Event]:
    """Events of the sweep and its trials that the journal does not have yet."""
    known = run.past.tables.trials
    if run.past.tables.metadata:
        over = run.complete and not run.growth.changes
        yield {"event": "resume", "complete": True} if over else {"event": "resume"}
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


def finish_trackers(run: SweepRun, interruption: Interruption) -> None:
    """Waits for the trackers, only briefly if the sweep was interrupted or is now."""
    whole = []
    for i, tracker in enumerate(run.trackers):
        if interruption.seconds_left < float("inf"):
            tracker.finish(timeout_s=interruption.seconds_left / (4 * (len(run.trackers) - i)))
        else:
            with suppress(SweepStopped), interruption.interruptible():
                whole.append(tracker.finish() is not False)
    if run.tracked is not None and whole.count(True) == len(run.trackers):
        run.tracked.record()


def close_record(writer: ResultWriter) -> None:
    """Records trials that still run, whatever ended the sweep, as interrupted."""
    cut = writer.tables.in_state("running")
    try:
        writer.write(*(end_event(trial, "interrupted") for trial in cut), {"event": "close"})
    finally:
        writer.close()
