"""Trials that a new sweep takes over from earlier ones: their events, and their checkpoints."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tune_mc1.errors import StorageError
from tune_mc1.planning.earlier import Earlier
from tune_mc1.results.directory import BEST, LAST
from tune_mc1.results.events import Event
from tune_mc1.results.store.local_copy import remote_of
from tune_mc1.results.sweep_event import SweepEvent
from tune_mc1.running.sweep_run import SweepRun


def first_event(run: SweepRun, event: SweepEvent) -> SweepEvent:
    """The event `sweep`, with the names of earlier sweeps if there are any."""
    names = [one.name for one in run.warm.earlier]
    return {**event, "from": names} if names else event


def warm_events(run: SweepRun) -> Iterator[Event]:
    """Events of a new sweep that starts from earlier ones, after those of its trials."""
    yield from run.warm.evidence
    yield from run.warm.taken


def copy_checkpoints(run: SweepRun) -> None:
    """Copies the checkpoints of trials that are taken over, as far as they were kept.

    The winner is scored from them, and trials go on from them if they get more epochs.

    Raises:
        StorageError: If they cannot be written.
    """
    for event in run.warm.taken:
        source, target = run.warm.source(event), run.where.checkpoints(event["trial"])
        try:
            for path in _copied(source, event["of"], target):
                if run.remote is not None:
                    run.remote.put(path, str(path.relative_to(run.where.root)))
        except OSError as error:
            raise StorageError.of(target, error) from None


def _copied(source: Earlier, trial: str, target: Path) -> Iterator[Path]:
    folder = source.where.checkpoints(trial)
    if folder.is_dir():
        shutil.copytree(folder, target, dirs_exist_ok=True)
        yield from (path for path in target.rglob("*") if path.is_file())
        return
    if (remote := remote_of(source.where)) is None:
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in (BEST, LAST):
        try:
            remote.get(f"checkpoints/{trial}/{name}", target / name)
        except FileNotFoundError:
            continue
        yield target / name
