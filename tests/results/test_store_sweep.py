"""Whole sweeps with results in S3, by the real command: the same numbers, wherever they go on."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.running.test_resume import ONE
from tests.running.test_sweep import run_sweep, tune_mc1
from tests.support.faults import (
    driving,
    events,
    history,
    reached,
    result_dir,
    same,
    wait_for,
    write_sweep,
)
from tests.support.in_process import Ran, run_here, sweep_here
from tests.support.object_store import KEY, KEY_ID, ObjectStore

URL = "s3://sweeps/some/prefix"


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "method": "random",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 0.03},
            "epochs": {"value": 4},
        },
        "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
        "run_cap": 4,
        "data": str(image_dir),
        "fuse": "off",
        **keys,
    }


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """The same sweep in a directory, without a fault."""
    return sweep_here(tmp_path_factory.mktemp("quiet"), content(image_dir), "asha", *ONE)


def fetched(folder: Path, root: Path) -> Path:
    """What the store has of a sweep, as another machine sees it."""
    folder.mkdir()
    done = run_here("fetch", f"{URL}/{root.name}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "results" / root.name


def holds_no_key(root: Path) -> None:
    for path in (p for p in root.rglob("*") if p.is_file()):
        text = path.read_bytes()
        assert KEY.encode() not in text, path
        assert KEY_ID.encode() not in text, path


def test_killed_and_resumed_from_the_url_elsewhere_it_gives_the_same(
    tmp_path: Path, image_dir: Path, quiet: Ran, store: ObjectStore
) -> None:
    assert quiet.status == 0, quiet.err
    words: list[Any] = [write_sweep(tmp_path, content(image_dir)), "-o", URL]
    out = tmp_path / "results"
    with driving("sweep", "asha", *words, *ONE, cwd=tmp_path) as driver:
        wait_for(partial(reached, out, 3), driver)
        driver.kill_all()
    root = result_dir(out)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = f"{URL}/{root.name}"
    done = tune_mc1("sweep", "asha", "--resume", url, *ONE, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    there = elsewhere / "results" / root.name
    same(there, quiet.root)
    copy = fetched(tmp_path / "third", root)
    same(copy, quiet.root)
    assert pd.read_parquet(copy / "predictions.parquet").equals(
        pd.read_parquet(quiet.root / "predictions.parquet")
    )
    assert len(events(there, "resume")) == 1
    stale = run_here("sweep", "asha", "--resume", root, *ONE, cwd=tmp_path)
    assert stale.returncode == 2
    assert f"{root}: {url} has results that are missing here" in stale.stderr
    holds_no_key(there)
    holds_no_key(root)


@pytest.mark.slow
def test_a_store_that_goes_away_ends_the_sweep_and_it_goes_on_when_it_is_back(
    tmp_path: Path, image_dir: Path, quiet: Ran, store: ObjectStore
) -> None:
    words: list[Any] = [write_sweep(tmp_path, content(image_dir)), "-o", URL]
    out = tmp_path / "results"
    with driving("sweep", "asha", *words, *ONE, cwd=tmp_path) as driver:
        wait_for(partial(reached, out, 2), driver)
        store.stop()
        try:
            assert driver.wait(250) == 1
        finally:
            store.start()
        assert "Could not connect to server" in driver.err
        root = result_dir(out)
        assert f"Resume: python -m tune_mc1 sweep asha --resume {URL}/{root.name}" in driver.out
        assert not driver.left_behind()
    done = tune_mc1("sweep", "asha", "--resume", f"{URL}/{root.name}", *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    same(root, quiet.root)
    same(fetched(tmp_path / "copy", root), quiet.root)


@pytest.mark.slow
def test_a_fused_group_goes_on_elsewhere(
    tmp_path: Path, image_dir: Path, store: ObjectStore
) -> None:
    sweep = content(image_dir, fuse=4, metric={"name": "val_loss", "goal": "minimize"})
    whole = tmp_path / "whole"
    whole.mkdir()
    quiet = run_sweep(whole, sweep, "asha", "--wandb", "disabled")
    assert quiet.status == 0, quiet.err
    words: list[Any] = [write_sweep(tmp_path, sweep), "-o", URL, "--wandb", "disabled"]
    out = tmp_path / "results"
    with driving("sweep", "asha", *words, cwd=tmp_path) as driver:
        wait_for(partial(reached, out, 4), driver)  # the first epoch of all
        driver.kill_all()
    root = result_dir(out)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = ["--resume", f"{URL}/{root.name}", "--wandb", "disabled"]
    done = tune_mc1("sweep", "asha", *words, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    mine, other = (history(r) for r in (elsewhere / "results" / root.name, quiet.root))
    pd.testing.assert_frame_equal(mine[["trial", "epoch"]], other[["trial", "epoch"]])
    pd.testing.assert_series_equal(mine["val_loss"], other["val_loss"], rtol=0.02)
    assert {f"some/prefix/{root.name}/checkpoints/t000{i}/best.ckpt" for i in range(1, 5)} <= (
        store.names(f"some/prefix/{root.name}/")
    )
