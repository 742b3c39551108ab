"""The estimate of the time left, on journals of the quick-start files and on made-up sweeps.

`recorded/` has the journals of real sweeps of `configs/` with `shapes10`, on two cores that other
work also used, their times counted from the start.
"""

from io import StringIO
from pathlib import Path
from statistics import fmean, median
from typing import Any
from unittest.mock import patch

import pytest
from rich.console import Console

from tests.support.asha_journal import made_up
from tests.support.replayed import estimate_for, estimates, read_journal
from tune_mc1.config.trial import TrialConfig
from tune_mc1.planning.dry_run import rung_table
from tune_mc1.planning.plan import prepare
from tune_mc1.planning.schedulers.asha import SuccessiveHalving
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal import standing
from tune_mc1.terminal.live_view import SweepView
from tune_mc1.terminal.time_left import TimeLeft

RECORDED = Path(__file__).parent / "recorded"
CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize(
    ("name", "most", "share"), [("grid", 0.08, 0.95), ("random", 0.2, 0.7)], ids=["grid", "random"]
)
def test_quick_start_files(name: str, most: float, share: float) -> None:
    events = read_journal(RECORDED / f"{name}.jsonl.gz")
    left = estimate_for(events, rung_table(prepare(None, CONFIGS / f"{name}.yaml")))
    found = [abs(one.error) for one in estimates(events, left)]
    assert median(found) < most
    assert sum(error < 0.25 for error in found) > share * len(found)  # other work cost the rest


def test_it_knows_the_rungs() -> None:
    """ASHA's own chance is what is left: on the average over sweeps the estimate is right."""
    early = SuccessiveHalving(type="asha", min_iter=1, eta=3)
    first, in_range = [], []
    for seed in range(40):
        left = TimeLeft(early.dry_run_rows(40, 9))
        one = next(estimates(made_up(seed), left))
        first.append(one.error)
        in_range.append(one.in_range)
    assert abs(fmean(first)) < 0.1
    assert median(map(abs, first)) < 0.2
    assert 0.6 < fmean(in_range) < 1.0  # about three in four
    blind = [next(estimates(made_up(seed), TimeLeft())).error for seed in range(40)]
    assert median(map(abs, blind)) > median(map(abs, first))


def test_settings_and_scores_say_who_goes_on() -> None:
    """Where scores follow from the learning rate, less is left to chance, and one number shown."""
    early = SuccessiveHalving(type="asha", min_iter=1, eta=3)
    errors: dict[bool, list[float]] = {True: [], False: []}
    one_number: dict[bool, list[bool]] = {True: [], False: []}
    for seed in range(5):
        for known in (True, False):
            left = TimeLeft(early.dry_run_rows(40, 9))
            with patch.object(standing, "FEWEST", 6 if known else 1000):
                found = list(estimates(made_up(seed, tells=True), left))
            errors[known] += [abs(one.error) for one in found if one.done < 2 / 3]
            one_number[known] += [one.clear for one in found if one.done < 2 / 3]
    assert fmean(error < 0.25 for error in errors[True]) > 0.8
    assert fmean(one_number[True]) > 0.8
    assert median(errors[True]) < 0.8 * median(errors[False])
    assert fmean(one_number[False]) < 0.6


def test_a_trial_that_stands_well_goes_on() -> None:
    rows: list[Any] = [
        {"trial": f"t{i}", "state": "running", "epochs_run": 1, "epochs": 9, "learning_rate": 0.1}
        for i in range(9)
    ]
    scores = {(f"t{i}", 1): float(i) for i in range(9)}
    found = standing.Standings(rows, scores, {1: 2 / 3, 3: 2 / 3}, ["learning_rate"])
    shares = [found.share(f"t{i}", 3) for i in range(9)]
    assert shares == sorted(shares)
    assert (shares[0] < 0.2, shares[-1] > 0.8) == (True, True)


@pytest.mark.parametrize(
    ("spread", "text"),
    [
        (0.0, "about 1m 40s left"),
        (15.0, "about 1m 40s left"),
        (40.0, "about 49s to 2m 31s left"),
        (75.0, "up to 3m 16s left"),
    ],
)
def test_the_text(spread: float, text: str) -> None:
    view = SweepView(Console(file=StringIO()), 4)
    view.left.spread = spread
    with patch.object(TimeLeft, "seconds", return_value=100.0):
        assert view.headline().plain.endswith(text)


def test_trials_that_wait_for_an_exchange_go_on() -> None:
    tables = SweepTables()
    facts = {"metric": "val_acc", "maximize": True, "changing": ["learning_rate"], "time": 0.0}
    tables.apply({"event": "sweep", **facts})  # type: ignore[arg-type]
    config = TrialConfig(epochs=3).values
    for i in range(4):
        planned: dict[str, Any] = {"trial": f"t{i}", "config": config, "config_hash": ""}
        tables.apply({"event": "trial", **planned, "fold": None, "time": 0.0})  # type: ignore[arg-type]
    left, time = TimeLeft(), 0.0
    took = {"epoch": 1, "val_acc": 0.5, "steps": 1, "seconds": 1.0, "learning_rate": 0.1}
    for i in range(4):
        about: dict[str, Any] = {"trial": f"t{i}", "time": time}
        tables.apply({"event": "start", "log": "", "fused": 1, **about})  # type: ignore[arg-type]
        time += 1
        about["time"] = time
        tables.apply({"event": "epoch", **took, "images_per_second": 1.0, **about})  # type: ignore[arg-type]
        tables.apply({"event": "pause", **about})  # type: ignore[arg-type]
        assert left.seconds(tables, 4, time) == pytest.approx(12 - time)


def test_what_has_passed_of_an_epoch_counts() -> None:
    tables = SweepTables()
    facts = {"metric": "val_acc", "maximize": True, "time": 0.0}
    tables.apply({"event": "sweep", **facts})  # type: ignore[arg-type]
    about: dict[str, Any] = {"trial": "t0", "config": TrialConfig(epochs=4).values, "fold": None}
    tables.apply({"event": "trial", **about, "config_hash": "", "time": 0.0})  # type: ignore[arg-type]
    tables.apply({"event": "start", "trial": "t0", "log": "", "fused": 1, "time": 0.0})
    took = {"val_acc": 0.5, "steps": 1, "seconds": 10.0, "learning_rate": 0.1}
    for epoch in (1, 2):
        row: dict[str, Any] = {**took, "trial": "t0", "epoch": epoch, "images_per_second": 1.0}
        tables.apply({"event": "epoch", **row, "time": 10.0 * epoch})  # type: ignore[arg-type]
    left = TimeLeft()
    times = {at: left.seconds(tables, 1, at) for at in (20.0, 26.0, 40.0)}
    assert times == {20.0: 20.0, 26.0: 14.0, 40.0: 10.0}, "a late epoch takes nothing of the next"


def test_programs_take_as_long_as_those_that_ended() -> None:
    facts = {"metric": "", "maximize": True, "program": "t.py", "format": 2, "parameters": {}}
    tables = SweepTables()
    tables.apply({"event": "sweep", **facts, "time": 0.0})  # type: ignore[arg-type]
    for i in range(4):
        planned: dict[str, Any] = {"trial": f"t{i}", "config": {}, "config_hash": "", "fold": None}
        tables.apply({"event": "trial", **planned, "time": 0.0})  # type: ignore[arg-type]
    left = TimeLeft()
    for trial, begin, end in (("t0", 0.0, 10.0), ("t1", 10.0, 20.0)):
        tables.apply({"event": "start", "trial": trial, "log": "", "time": begin})
        assert left.seconds(tables, 4, begin) is None or begin
        tables.apply({"event": "end", "trial": trial, "state": "completed", "time": end})
    tables.apply({"event": "start", "trial": "t2", "log": "", "time": 20.0})
    assert left.seconds(tables, 4, 24.0) == 16.0  # 6 of t2, and t3
