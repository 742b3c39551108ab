"""`train`: one trial of a sweep file or of an earlier sweep, with the numbers that it has there."""

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.data_digits import write_folders
from tests.support.faults import history
from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import epoch_event
from tune_mc1.results.journal import read_records
from tune_mc1.results.schema import Row
from tune_mc1.running import single_trial

SWEEP: dict[str, Any] = {
    "method": "grid",
    "parameters": {
        "model": {"value": "CNN_simple"},
        "learning_rate": {"values": [0.01, 0.1]},
        "epochs": {"value": 2},
    },
    "replicates": 2,
    "validation": {"folds": 2},
    "limit_images": 0.4,
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
    assert "differ" not in done.stderr
    (root,) = (tmp_path / "out").iterdir()
    assert root.name.startswith("train-t0008-")
    inside = history(sweep.root)
    inside = inside[inside["trial"] == "t0008"].reset_index(drop=True)
    pd.testing.assert_frame_equal(history(root), inside, check_exact=True)


def test_other_images_than_those_of_the_sweep_are_said(tmp_path: Path, sweep: Ran) -> None:
    """As where `data: auto` finds others today."""
    root = tmp_path / "moved"
    shutil.copytree(sweep.root, root)
    images = write_folders(tmp_path / "digits", count=120)
    text = (root / "sweep.yaml").read_text()
    (root / "sweep.yaml").write_text(re.sub("data: .*", f"data: {images}", text))
    words = ("--trial", "t0001", "--set", "epochs=1", "--set", "image_size=16", "-o", "out")
    done = run_here("train", root, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"Note: The images are not those of {root}, so the numbers will differ: " in done.stderr


def test_a_trial_may_differ_from_that_of_the_sweep(tmp_path: Path, sweep: Ran) -> None:
    words = ("--trial", "t0002", "--set", "epochs=1", "--limit-images", "0.2", "-o", "out")
    done = run_here("train", sweep.root, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (root,) = (tmp_path / "out").iterdir()
    (row,) = pd.read_parquet(root / "trials.parquet").to_dict("records")
    assert (row["epochs"], row["learning_rate"], row["fold"], row["seed"]) == (1, 0.01, 1, 0)


def test_it_goes_on_from_its_last_checkpoint(
    tmp_path: Path, sweep: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the numbers of a trial that was never interrupted, and all of them at W&B."""

    def interrupted(row: Row) -> Any:
        if row["epoch"] == 2:
            raise KeyboardInterrupt
        return epoch_event(row)

    words = ("--trial", "t0003", "-o", "out", "--wandb", "offline")
    with monkeypatch.context() as patched:
        patched.setattr(single_trial, "epoch_event", interrupted)
        done = run_here("train", sweep.root, *words, cwd=tmp_path)
    (root,) = (tmp_path / "out").iterdir()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        130,
        f"Resume: python -m tune_mc1 train --resume {root}",
    )
    assert ResultDir(root).read().trials["t0003"]["state"] == "interrupted"

    done = run_here("train", "--resume", root, "--wandb", "offline", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    inside = history(sweep.root)
    inside = inside[inside["trial"] == "t0003"].reset_index(drop=True)
    pd.testing.assert_frame_equal(history(root), inside, check_exact=True)
    assert [e["event"] for e, _ in read_records(root / "journal.jsonl")].count("resume") == 1
    assert len(list((root / "wandb").glob("offline-run-*/*.wandb"))) == 1

    again = run_here("train", "--resume", root, cwd=tmp_path)
    rule = f"--resume: must have a trial that has not ended, got {root} whose t0003 is completed"
    assert again.stderr.strip() == rule


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
    whole = said("--resume", sweep.root)
    assert whole.startswith("--resume: must be a result directory of train, with one trial")
    extra = "--trial: not with --resume, whose directory has the trial"
    assert said("--resume", sweep.root, "--trial", "t0001") == extra
    assert not (tmp_path / "results").exists()
