"""`train`: one trial of a sweep file or of an earlier sweep, with the numbers that it has there."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.faults import history
from tests.support.in_process import Ran, run_here, sweep_here

SWEEP: dict[str, Any] = {
    "method": "grid",
    "parameters": {
        "model": {"value": "CNN_simple"},
        "learning_rate": {"values": [0.01, 0.1]},
        "epochs": {"value": 2},
    },
    "replicates": 2,
    "validation": {"folds": 2},
    "limit_images": 0.2,
    "fuse": "off",
}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    folder = tmp_path_factory.mktemp("sweep")
    ran = sweep_here(folder, SWEEP | {"data": str(image_dir)}, "grid", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    return ran


@pytest.mark.parametrize("source", ["directory", "file"])
def test_a_trial_has_the_numbers_of_the_sweep(tmp_path: Path, sweep: Ran, source: str) -> None:
    """The last of eight: another rate, seed and fold than the first."""
    place = sweep.root if source == "directory" else sweep.root.parents[1] / "sweep.yaml"
    done = run_here("train", place, "--trial", "t0008", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (root,) = (tmp_path / "out").iterdir()
    assert root.name.startswith("train-t0008-")
    inside = history(sweep.root)
    inside = inside[inside["trial"] == "t0008"].reset_index(drop=True)
    pd.testing.assert_frame_equal(history(root), inside, check_exact=True)


def test_a_trial_may_differ_from_that_of_the_sweep(tmp_path: Path, sweep: Ran) -> None:
    words = ("--trial", "t0002", "--set", "epochs=1", "--limit-images", "0.1", "-o", "out")
    done = run_here("train", sweep.root, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (root,) = (tmp_path / "out").iterdir()
    (row,) = pd.read_parquet(root / "trials.parquet").to_dict("records")
    assert (row["epochs"], row["learning_rate"], row["fold"], row["seed"]) == (1, 0.01, 1, 0)


def test_mistakes(tmp_path: Path, sweep: Ran) -> None:
    def said(*words: str | Path) -> str:
        done = run_here("train", *words, cwd=tmp_path)
        assert done.returncode == 2
        return done.stderr.strip()

    rule = f"--trial: must be a trial of {sweep.root} (t0001 to t0008)"
    assert said(sweep.root, "--trial", "t0009") == f"{rule}, got t0009"
    assert said(sweep.root) == rule
    assert said("--trial", "t0001") == "--trial: requires a sweep file or a result directory"
    words = (sweep.root, "--trial", "t0001")
    several = "--set: train runs one trial, got values for 2; use sweep"
    assert said(*words, "--set", "epochs=1,2") == several
    assert "--limit-images" in said(*words, "--limit-images", "2")
    bayes = tmp_path / "bayes.yaml"
    bayes.write_text(
        "method: bayes\nrun_cap: 2\nparameters: {learning_rate: {min: 0.1, max: 0.2}}\n"
    )
    rule = "bayes suggests trials as it runs; name a result directory"
    assert said(bayes, "--trial", "t0001") == f"{bayes}: {rule}"
    assert not (tmp_path / "results").exists()
