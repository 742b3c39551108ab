"""A real program under ASHA, killed twice: the example with nested parameters, as it is shipped."""

import shutil
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from tests.support.faults import driving, events, reached, result_dir, wait_for
from tune_mc1.files import shipped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NAME = "nested_config"


def test_half_of_it_is_stopped_and_two_kills_lose_no_trial(tmp_path: Path) -> None:
    for suffix in (".py", ".yaml"):
        source = shipped(f"programs/{NAME}{suffix}")
        assert source is not None
        shutil.copy(source, tmp_path)
    file = tmp_path / f"{NAME}.yaml"  # W&B's own rules, as in the file, stop fewer
    file.write_text(file.read_text().replace("type: hyperband", "type: asha"))
    out = tmp_path / "out"
    words: list[str | Path] = [file, "-o", out]
    for rows in (6, 20):
        with driving("sweep", "random", *words, "--wandb", "disabled", cwd=tmp_path) as driver:
            wait_for(partial(reached, out, rows), driver)
            driver.kill_all()
            assert not driver.left_behind()
        words = ["--resume", result_dir(out)]
    with driving("sweep", "random", *words, "--wandb", "disabled", cwd=tmp_path) as driver:
        assert driver.wait(600) == 0, driver.err
        assert not driver.left_behind()
    root = result_dir(out)
    trials = pd.read_parquet(root / "trials.parquet")
    assert len(trials) == 12
    assert set(trials["state"]) == {"completed", "stopped"}
    assert sum(trials["state"] == "stopped") >= 6
    assert len(events(root, "resume")) == 2
    history = pd.read_parquet(root / "history.parquet")
    counts = history.groupby("trial")["epoch"].agg(["count", "max"])
    assert (counts["count"] == counts["max"]).all(), "each iteration is there once"
    completed = trials.set_index("trial").query("state == 'completed'")["epochs_run"]
    assert (completed == 12).all()
