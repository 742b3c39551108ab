"""Trials that pause, as events: they leave Ray's trial, which would else try them again."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.played_sweep import Sweep
from tune_mc1.results.journal import read_records
from tune_mc1.running.callbacks.recorder import ResultCallback


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    played = Sweep(tmp_path)
    played.start("t0001", "t0002")
    return played


def told(sweep: Sweep, specs: list[dict[str, Any]], **result: Any) -> list[Any]:
    """Events of a report, of which t0001 pauses and t0002 is stopped; trials that are left."""
    gone = {"t0001", "t0002"}
    recorder = ResultCallback(sweep.writer, gone.__contains__, paused={"t0001"}.__contains__)
    trial: Any = SimpleNamespace(config={"trials": specs})
    before = len(list(read_records(sweep.where.journal)))
    recorder.on_trial_result(0, [], trial, result)
    events = [event for event, _ in read_records(sweep.where.journal)][before:]
    kept = [(e["event"], e["trial"], e.get("state")) for e in events if e["event"] != "epoch"]
    return [kept, [spec["id"] for spec in trial.config["trials"]]]


def test_of_a_group(sweep: Sweep) -> None:
    specs = [{"id": trial, "config": {"epochs": 3}} for trial in ("t0001", "t0002")]
    metrics = {"seconds": 1.0, "images_per_second": 9.0, "learning_rate": 0.1, "steps": 1}
    names = sweep.writer.tables.columns.metrics("val_acc")
    rows = [{"trial": spec["id"], "epoch": 1, **dict.fromkeys(names, 0.5), **metrics}
            for spec in specs]  # fmt: skip
    events, left = told(sweep, specs, rows=rows)
    assert events == [("pause", "t0001", None), ("end", "t0002", "stopped")]
    assert left == ["t0002"]
    assert sweep.writer.tables.trials["t0001"]["state"] == "paused"


@pytest.mark.parametrize(
    ("trial", "event", "left"),
    [("t0001", ("pause", "t0001", None), []), ("t0002", ("end", "t0002", "stopped"), ["t0002"])],
)
def test_of_a_program_that_was_told_to_stop(
    sweep: Sweep, trial: str, event: tuple[str, str, str | None], left: list[str]
) -> None:
    end = {"trial": trial, "state": "stopped", "last": {}}
    assert told(sweep, [{"id": trial}], rows=[], ends=[end]) == [[event], left]
