"""Resume of a sweep that has nothing left to run: what is started, and what is written."""

import json
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from tests.support.served_page import made_sweep
from tune_mc1.config.load import load_sweep
from tune_mc1.interruption import Interruption
from tune_mc1.planning.past import read_past
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.head import sweep_text
from tune_mc1.running.finished import finish_sweep
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.live_view import SweepView
from tune_mc1.tracking.journal_tracker import JournalTracker
from tune_mc1.tracking.kept_up import KeptUp
from tune_mc1.tracking.tracker import make_trackers

TAKEN: list[str] = []


class Recorder(JournalTracker):
    """Keeps the events that it is given; fails at the first if it is to."""

    name = "recorder"
    fails = False

    def take(self, event: Event) -> None:
        if self.fails:
            raise OSError("gone")
        TAKEN.append(event["event"])


class Failing(Recorder):
    fails = True


@pytest.fixture
def ended(tmp_path: Path) -> ResultDir:
    TAKEN.clear()
    where = made_sweep(tmp_path / "sweep", 2)
    where.sweep_file.write_text(sweep_text(load_sweep(where.sweep_file).sweep, None))
    return where


def resumed(where: ResultDir, tracker: type[Recorder] = Recorder, mode: str = "offline") -> bool:
    """Resumes the sweep; returns whether the tracker was told of it. It starts no trial."""
    console = Console(file=StringIO())
    TAKEN.clear()
    run = SweepRun(
        sweep=load_sweep(where.sweep_file).sweep,
        trials=(),
        data=None,
        where=where,
        trackers=make_trackers({"recorder": tracker}, where, lambda _: None),
        tracked=KeptUp(where, ["recorder"], {"recorder": mode}),
        past=read_past(where),
        complete=True,
    )
    before = where.journal.read_bytes()
    finish_sweep(run, SweepView(console, 0), lambda _: None, Interruption())
    assert "Starting" not in cast(StringIO, console.file).getvalue()
    told = where.journal.read_bytes() != before
    if tracker is Recorder:
        assert (["close"] if told else []) == TAKEN
    return told


def test_trackers_that_have_everything_are_not_started_again(ended: ResultDir) -> None:
    assert resumed(ended), "nothing is known of them"
    assert not resumed(ended)
    assert resumed(ended, mode="online"), "they are to send it elsewhere"
    assert not resumed(ended, mode="online")


def test_trackers_that_lack_something_are_started_again(ended: ResultDir) -> None:
    assert resumed(ended, Failing)
    assert resumed(ended)
    record = json.loads(ended.tracked.read_text())
    ended.tracked.write_text(json.dumps(record | {"journal": record["journal"] - 1}))
    assert resumed(ended), "the journal has grown since"
    ended.tracked.write_text("{")
    assert resumed(ended), "nothing can be read"
