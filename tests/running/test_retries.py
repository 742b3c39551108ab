"""Trials whose process is lost or hangs, and disks that are full, in real sweeps."""

from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from tests.cli.test_bad_environment import needs_mounts
from tests.support.faults import (
    driving,
    epochs,
    events,
    history,
    reached,
    result_dir,
    wait_for,
    with_word,
    write_sweep,
)
from tests.support.in_process import Ran, connected, run_here, sweep_here


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "learning_rate": {"values": [0.01, 0.03]},
            "epochs": {"value": 20},
        },
        "data": str(image_dir),
        "limit_images": 0.25,
        "fuse": "off",
        **keys,
    }


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    folder = tmp_path_factory.mktemp("quiet")
    return sweep_here(folder, content(image_dir), "grid", "--wandb", "disabled")


def training(driver: Any) -> list[psutil.Process]:
    """The processes that train, not those that wait for a trial."""
    return with_word(driver.workers(), "ImplicitFunc")


def test_trials_that_are_killed_or_hang_go_on_from_their_checkpoints(
    tmp_path: Path, image_dir: Path, quiet: Ran
) -> None:
    file = write_sweep(tmp_path, content(image_dir, trial_timeout=10, max_failures=50))
    out = tmp_path / "out"
    words = ("sweep", "grid", file, "-o", out, "--wandb", "disabled")
    with driving(*words, cwd=tmp_path) as driver:
        wait_for(lambda: reached(out, 2) and training(driver), driver)
        first, *_ = training(driver)
        first.kill()
        wait_for(lambda: events(result_dir(out), "retry"), driver)
        more = epochs(out) + 1
        wait_for(lambda: reached(out, more) and training(driver), driver)
        hung, *_ = training(driver)
        hung.suspend()
        assert driver.wait() == 0, driver.err
        assert not driver.left_behind()
    root = result_dir(out)
    pd.testing.assert_frame_equal(history(root), history(quiet.root), check_exact=True)
    table = pd.read_parquet(root / "trials.parquet")
    assert list(table["state"]) == ["completed", "completed"]
    assert table["error"].isna().all()
    reasons = [event["error"] for event in events(root, "retry")]
    killed = "killed, as the system does when memory is short, or crashed"
    assert f"its process was lost ({killed})" in reasons
    assert all(
        f" starts again, from its last checkpoint: {r} (log: " in driver.out for r in reasons
    )
    assert "Ray" not in driver.err
    assert "Traceback" not in driver.err
    assert "hung: it did not report within trial_timeout" in reasons
    assert table["attempts"].sum() == 2 + len(reasons)


FULL = """
import os, pathlib
real = {"fsync": os.fsync, "fdatasync": os.fdatasync}
def full(name):
    def sync(fd):
        if pathlib.Path(os.environ["FULL_DISK"]).exists():
            raise OSError(28, "No space left on device")
        return real[name](fd)
    return sync
os.fsync, os.fdatasync = full("fsync"), full("fdatasync")
"""


@pytest.mark.skipif(
    not needs_mounts.args[0], reason="test_hostile_machine.py fills a real disk instead"
)
def test_a_full_disk_ends_the_sweep_and_room_lets_it_go_on(
    tmp_path: Path, image_dir: Path, quiet: Ran
) -> None:
    (tmp_path / "sitecustomize.py").write_text(FULL)
    full = tmp_path / "full"
    package = Path(__file__).parents[2]
    env = {"PYTHONPATH": f"{tmp_path}:{package}", "FULL_DISK": str(full)}
    out = tmp_path / "out"
    file = write_sweep(tmp_path, content(image_dir))
    words = ("sweep", "grid", file, "-o", out, "--max-concurrent", "1", "--wandb", "disabled")
    with driving(*words, cwd=tmp_path, **env) as driver:
        wait_for(lambda: reached(out, 3), driver)
        full.touch()
        assert driver.wait(60) == 1
        assert not driver.left_behind()
    root = result_dir(out)
    assert "No space left on device" in driver.err
    assert "Traceback" not in driver.err + driver.out
    assert f"Resume: python -m tune_mc1 sweep grid --resume {root}" in driver.out
    full.unlink()
    connected()
    done = run_here("sweep", "grid", "--resume", root, *words[-2:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    pd.testing.assert_frame_equal(history(root), history(quiet.root), check_exact=True)
