"""Ctrl-C, SIGTERM, lost processes: how a sweep ends, and that nothing of it stays behind."""

import logging
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults import (
    Driver,
    driving,
    epochs,
    events,
    interrupt,
    result_dir,
    temp_dirs,
    trials,
    wait_for,
    write_sweep,
)
from tests.support.in_process import run_here
from tune_mc1.errors import SweepStopped
from tune_mc1.interruption import SIGNALS, Interruption

LONG = {
    "method": "grid",
    "parameters": {"learning_rate": {"values": [0.01, 0.03]}, "epochs": {"value": 1000}},
    "limit_images": 0.25,
    "fuse": "off",
}


def start(folder: Path, image_dir: Path) -> list[Any]:
    file = write_sweep(folder, {**LONG, "data": str(image_dir)})
    return [
        "sweep",
        "grid",
        file,
        "-o",
        folder / "out",
        "--wandb",
        "offline",
        "--max-concurrent",
        "1",
    ]


def leave_unfinished(root: Path) -> None:
    """Leaves a file as a trial's process does that is killed while it writes a checkpoint."""
    (root / "checkpoints" / "t0001" / ".last.ckpt.1.tmp").write_bytes(b"half")


def check_resumable(driver: Driver, folder: Path) -> Path:
    root = result_dir(folder / "out")
    assert f"Resume: python -m tune_mc1 sweep grid --resume {root}" in driver.out + driver.err
    done = run_here("sweep", "grid", "--resume", root, "--dry-run", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "0 of 2 trials have already ended" in done.stderr
    return root


def test_the_first_signal_ends_the_sweep_in_order(tmp_path: Path, image_dir: Path) -> None:
    with driving(*start(tmp_path, image_dir), cwd=tmp_path) as driver:
        wait_for(lambda: epochs(tmp_path / "out") >= 3, driver)
        driver.family()
        leave_unfinished(result_dir(tmp_path / "out"))
        interrupt(driver)
        began = time.monotonic()
        assert driver.wait() == 130
        assert time.monotonic() - began < 15
        assert not driver.left_behind()
    assert not temp_dirs(driver, result_dir(tmp_path / "out"))
    root = check_resumable(driver, tmp_path)
    assert events(root, "close")
    table = trials(root).set_index("trial")
    assert set(table["state"]) <= {"interrupted", "pending"}
    ran = table[table["state"] == "interrupted"]
    assert ran["epochs_run"].sum() == len(events(root, "epoch"))
    for trial in ran.index:
        assert (root / "checkpoints" / trial / "last.ckpt").exists()
    assert not list(root.rglob("*.tmp"))


def test_the_second_signal_ends_it_at_once(tmp_path: Path, image_dir: Path) -> None:
    with driving(*start(tmp_path, image_dir), cwd=tmp_path) as driver:
        wait_for(lambda: epochs(tmp_path / "out") >= 1, driver)
        driver.family()
        interrupt(driver, signal.SIGTERM)
        time.sleep(0.2)
        interrupt(driver)
        began = time.monotonic()
        assert driver.wait() == 130
        assert time.monotonic() - began < 5
        assert not driver.left_behind()
    assert not temp_dirs(driver, result_dir(tmp_path / "out"))
    check_resumable(driver, tmp_path)


@pytest.mark.parametrize(
    "victim", ["raylet/raylet", pytest.param("gcs_server", marks=pytest.mark.slow)]
)
def test_without_ray_it_ends_with_the_reason(tmp_path: Path, image_dir: Path, victim: str) -> None:
    with driving(*start(tmp_path, image_dir), cwd=tmp_path) as driver:
        wait_for(lambda: epochs(tmp_path / "out") >= 1, driver)
        (process,) = [p for p in driver.named(victim) if p.ppid() == driver.process.pid]
        process.kill()
        assert driver.wait(60) == 1
        assert "has died" in driver.err
        assert not driver.left_behind()
    assert not temp_dirs(driver, result_dir(tmp_path / "out"))
    check_resumable(driver, tmp_path)


def test_a_signal_while_a_line_is_logged_raises_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(logging.Handler):
        done = False

        def emit(self, record: logging.LogRecord) -> None:
            signal.raise_signal(signal.SIGTERM)
            self.done = True

    monkeypatch.setattr("tune_mc1.interruption.DEADLINE_S", 1e6)  # after which it exits
    logger, handler, interruption = logging.Logger("own"), Interrupted(), Interruption()
    logger.addHandler(handler)

    def log_and_wait() -> None:
        with interruption.interruptible():
            logger.warning("a line")
            time.sleep(30)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        interruption.install()
        with pytest.raises(SweepStopped):
            log_and_wait()
        assert handler.done
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)
