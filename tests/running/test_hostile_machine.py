"""A clock that jumps back, two sweeps at once, and a disk that is really full."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.test_bad_environment import needs_mounts
from tests.running.test_retries import content
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
from tests.support.in_process import Ran, sweep_here

ONE = ("--max-concurrent", "1", "--wandb", "disabled")

BACK = """
import os, time
real = time.time
time.time = lambda: real() - 86400 * os.path.exists(os.environ["JUMP"])
"""
"""The clock of every process of the sweep goes back by a day when a file appears."""

FULL_THEN_ROOM = """
mount -t tmpfs -o size=700k x disk
"$PYTHON" -m tune_mc1 sweep grid sweep.yaml -o disk --max-concurrent 1 --wandb disabled 2>&1
echo "first status $?"
mount -o remount,size=100m x disk
"$PYTHON" -m tune_mc1 sweep grid --resume disk/* --max-concurrent 1 --wandb disabled 2>&1
echo "second status $?"
cp -r disk/* out
"""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    folder = tmp_path_factory.mktemp("quiet")
    return sweep_here(folder, content(image_dir), "grid", *ONE)


def test_two_sweeps_at_once_and_the_clock_of_one_jumps_back(
    tmp_path: Path, image_dir: Path, quiet: Ran
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    files = [write_sweep(folder, content(image_dir)) for folder in folders]
    (folders[0] / "sitecustomize.py").write_text(BACK)
    package = Path(__file__).parents[2]
    words = [("sweep", "grid", file, "-o", file.parent / "out") for file in files]
    jump = tmp_path / "jump"
    clock = {"PYTHONPATH": f"{folders[0]}:{package}", "JUMP": str(jump)}
    with (
        driving(*words[1], *ONE, cwd=folders[1]) as second,  # may wait for a server
        driving(*words[0], *ONE, cwd=folders[0], **clock) as first,
    ):
        wait_for(lambda: reached(folders[0] / "out", 3), first)
        jump.touch()
        assert second.wait() == 0, second.err
        assert first.wait() == 0, first.err
    one, two = (result_dir(folder / "out") for folder in folders)
    same(one, quiet.root)
    same(two, quiet.root)
    times = [event["time"] for event in events(one, "epoch", "end")]
    assert times[-1] < times[0] - 80_000, "the clock did not jump"
    table = pd.read_parquet(one / "trials.parquet")
    assert (table["seconds"] > 0).all()
    assert (pd.read_parquet(one / "history.parquet")["seconds"] > 0).all()


@needs_mounts
def test_a_disk_that_is_full(tmp_path: Path, image_dir: Path, quiet: Ran) -> None:
    write_sweep(tmp_path, content(image_dir))
    for name in ("disk", "out"):
        (tmp_path / name).mkdir()
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", FULL_THEN_ROOM],
        cwd=tmp_path,
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "first status 1" in done.stdout, done.stdout
    assert "No space left on device" in done.stdout
    assert "Resume: python -m tune_mc1 sweep grid --resume" in done.stdout
    assert "Traceback" not in done.stdout
    assert "second status 0" in done.stdout, done.stdout
    root = result_dir(tmp_path / "out")
    pd.testing.assert_frame_equal(history(root), history(quiet.root), check_exact=True)
