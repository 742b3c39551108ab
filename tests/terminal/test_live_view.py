"""The live table: what is new is shown soon, and what is not costs nothing."""

import time
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.live_view import SweepView

SWEEP: dict[str, Any] = {
    **{"time": 1.0, "event": "sweep", "format": 2, "name": "s", "method": "grid", "replicates": 1},
    **{"metric": "acc", "maximize": True, "id": "a", "group": "g", "program": "train.py"},
    "parameters": {"lr": "number"},
}


@pytest.fixture
def tables() -> SweepTables:
    """A program's sweep with one trial, which runs."""
    found = SweepTables()
    trial = {"trial": "t0001", "config": {"lr": 1}, "config_hash": "h", "fold": None}
    start = {"event": "start", "trial": "t0001", "log": "logs/t0001.log"}
    found.apply_all([SWEEP, {"time": 1.0, "event": "trial", **trial}, {"time": 2.0, **start}])  # type: ignore[list-item]
    return found


def log(tables: SweepTables, number: int, acc: float) -> None:
    """The trial logs its metric."""
    row = {"trial": "t0001", "epoch": number, "step": None, "seconds": 1.0, "node": "here"}
    event = {"time": 3.0, "event": "epoch", **row, "metrics": {"acc": acc}}
    tables.apply_all([event])  # type: ignore[list-item]


def test_a_new_row_is_shown_long_before_the_next_update(
    tables: SweepTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    out = StringIO()
    view = SweepView(Console(file=out, force_terminal=True, width=120), 1, interval_s=500.0)
    with view.showing(tables):
        now[0] += 1
        before = out.getvalue()
        view.refresh()
        assert out.getvalue() == before, "nothing is new"
        log(tables, 1, 0.4375)
        view.refresh()
        assert "0.4375" in out.getvalue()
        log(tables, 2, 0.8125)
        view.refresh()
        assert "0.8125" not in out.getvalue(), "too soon after the last"
        now[0] += 0.2
        view.refresh()
        assert "0.8125" in out.getvalue()


def test_updates_take_a_small_part_of_the_time(
    tables: SweepTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = SweepView(Console(file=StringIO(), force_terminal=True, width=120), 1, interval_s=500.0)
    drawn: list[None] = []
    render = view.render

    def slow() -> Any:
        time.sleep(0.05)
        drawn.append(None)
        return render()

    monkeypatch.setattr(view, "render", slow)
    with view.showing(tables):
        for number in range(1, 11):
            log(tables, number, number / 100)
            view.refresh()
        assert len(drawn) == 1, "the first, forced update says that one takes long"
