"""A module as people publish them under ASHA: killed twice and resumed, equal to an uncut sweep."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.faults import (
    driving,
    events,
    history,
    reached,
    result_dir,
    same,
    trials,
    wait_for,
    write_sweep,
)
from tests.support.published import published_sweep
from tune_mc1.programs.history import HistoryReader

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RATES = ["3e-3", "1e-5", "1e-4", "1e-2", "3e-5", "2e-2"]
KEYS: dict[str, Any] = {
    "method": "grid",
    "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
    "parameters": {
        "learning_rate": {"values": RATES},
        "data.batch_size": {"value": 64},
        "seed": {"value": 7},
    },
}


def sweep(folder: Path, kills: list[int]) -> Path:
    """A sweep that is killed at so many rows, each time as a power cut would, and resumed."""
    file = write_sweep(folder, published_sweep(folder, **KEYS))
    out = folder / "out"
    words: list[str | Path] = [file, "-o", out]
    for rows in kills:
        with driving("sweep", "asha", *words, "--max-concurrent", "1", cwd=folder) as driver:
            wait_for(partial(reached, out, rows), driver)
            driver.kill_all()
            assert not driver.left_behind()
        words = ["--resume", result_dir(out)]
    with driving("sweep", "asha", *words, "--max-concurrent", "1", cwd=folder) as driver:
        assert driver.wait(600) == 0, driver.err
        assert not driver.left_behind()
    return result_dir(out)


def logged_epochs(root: Path, trial: str) -> set[float]:
    """Epochs, from 0, whose validation the trial's W&B run has."""
    rows = [
        row.metrics
        for file in sorted((root / "programs" / trial).rglob("*.wandb"))
        for row in HistoryReader(file).read()
    ]
    return {row["epoch"] for row in rows if "val/acc" in row}


def test_two_kills_change_no_number(tmp_path: Path) -> None:
    whole, cut = sweep(tmp_path / "whole", []), sweep(tmp_path / "cut", [3, 12])
    assert len(events(cut, "resume")) == 2
    same(cut, whole)
    table = trials(cut).set_index("trial")
    assert set(table["state"]) == {"completed", "stopped"}
    assert (table["state"] == "stopped").sum() >= 2
    rows = history(cut)
    assert (rows.groupby("trial")["epoch"].max() == table["epochs_run"]).all()
    best = rows.groupby("trial")["val/acc"].cummax()
    pd.testing.assert_series_equal(rows["val/acc_best"], best, check_names=False)
    for trial, epochs in table["epochs_run"].items():
        for root in (whole, cut):
            missing = set(range(int(epochs))) - logged_epochs(root, str(trial))
            assert not missing, (root, trial)
