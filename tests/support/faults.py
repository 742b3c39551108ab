"""Injects faults into real sweeps: runs of the command whose processes are found and killed.

Victims are found from the driver down, by parent and child, never by name over the machine.
"""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import yaml

from tests.support.warm_commands import Command
from tune_mc1.cluster.ray_temp import temp_dir
from tune_mc1.results.journal import read_records

CLOCK = ["seconds", "images_per_second", "time"]
PATIENCE_S = 150.0


def with_word(processes: Iterable[psutil.Process], word: str) -> list[psutil.Process]:
    """Those whose command line has a word; one that has ended has none, even if nobody waited."""
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if any(word in part for part in process.cmdline()):
                found.append(process)
    return found


class Driver:
    """One run of the command.

    Args:
        words: Its arguments.
        cwd: Where it runs; what it says goes into files there.
        env: More environment variables.
    """

    def __init__(self, *words: str | Path, cwd: Path, **env: str) -> None:
        self.cwd, self.began = cwd, time.time()
        env = os.environ | {"COLUMNS": "160"} | env
        self.process = Command(words, cwd, env, cwd / "out.txt", cwd / "err.txt")
        self.seen: set[psutil.Process] = set()

    @property
    def out(self) -> str:
        return (self.cwd / "out.txt").read_text()

    @property
    def err(self) -> str:
        return (self.cwd / "err.txt").read_text()

    def family(self) -> list[psutil.Process]:
        """All processes that the driver has started, by them or theirs, itself last."""
        found = self.process.family()
        self.seen.update(found)
        return found

    def named(self, word: str) -> list[psutil.Process]:
        """Those of its processes whose command line has a word."""
        return with_word(self.family(), word)

    def workers(self) -> list[psutil.Process]:
        """The processes that run trials."""
        return self.named("ray::")

    def kill_all(self) -> None:
        """Kills the whole sweep as a power cut would, and waits for its end."""
        self.suspend_and_kill()
        self.wait()

    def suspend_and_kill(self) -> None:
        """Kills every process of the sweep; all stand still first, so that nothing can react."""
        family = self.family()
        for process in reversed(family):
            with suppress(psutil.Error):
                process.suspend()
        for process in {*family, *self.family()}:
            with suppress(psutil.Error):
                process.kill()

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """The exit status."""
        return self.process.wait(timeout)

    def left_behind(self, seconds: float = 30.0) -> list[str]:
        """Processes of the sweep, seen before, that still run after its end, in words.

        Args:
            seconds: Time for them to end: W&B's mirror, at a low priority, still writes its files.
        """
        left = []
        for process in self.alive(seconds):
            with suppress(psutil.Error):  # it has ended meanwhile
                left.append(f"{process.status()}: {process.cmdline()}")
        return left

    def alive(self, seconds: float = 0.0) -> list[psutil.Process]:
        """Processes of the sweep, seen before, that still run so long from now."""
        return list(psutil.wait_procs(self.seen, timeout=seconds)[1])

    def end(self) -> None:
        """Makes sure that nothing is left when a test fails."""
        if self.process.poll() is None:
            self.kill_all()


@contextmanager
def driving(*words: str | Path, cwd: Path, **env: str) -> Iterator[Driver]:
    """A run of the command that is ended with the block."""
    driver = Driver(*words, cwd=cwd, **env)
    try:
        yield driver
    finally:
        driver.end()


def wait_for(condition: Callable[[], Any], driver: Driver, seconds: float = PATIENCE_S) -> Any:
    """Waits until a condition holds while the driver runs; returns what it gave."""
    end = time.monotonic() + seconds
    looked = 0.0
    while time.monotonic() < end:
        with suppress(FileNotFoundError):  # a directory may have been there for a check only
            if value := condition():
                return value
        if driver.process.poll() is not None:
            raise AssertionError(f"ended with {driver.process.poll()}: {driver.err}{driver.out}")
        if time.monotonic() > looked + 0.5:  # all processes of the machine are read for it
            driver.family()
            looked = time.monotonic()
        time.sleep(0.05)
    raise AssertionError(f"nothing happened: {driver.err}{driver.out}")


def events(root: Path, *kinds: str) -> list[dict[str, Any]]:
    """Events of these kinds in a sweep's journal."""
    return [e for e, _ in read_records(root / "journal.jsonl") if e["event"] in kinds]


def result_dir(parent: Path) -> Path:
    """The one result directory below a folder."""
    (root,) = parent.iterdir()
    return root


def epochs(parent: Path) -> int:
    """Epochs that the sweep below a folder has reported."""
    return sum(len(events(root, "epoch")) for root in parent.glob("*"))


def reached(parent: Path, count: int) -> bool:
    """Whether so many epochs have been reported."""
    return epochs(parent) >= count


def write_sweep(folder: Path, content: dict[str, Any]) -> Path:
    """Writes a sweep file."""
    folder.mkdir(exist_ok=True)
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def history(root: Path) -> pd.DataFrame:
    """Every number of every epoch, without the clock's."""
    table = pd.read_parquet(root / "history.parquet").drop(columns=CLOCK, errors="ignore")
    return table.sort_values(["trial", "epoch"]).reset_index(drop=True)


def trials(root: Path) -> pd.DataFrame:
    """Every number of every trial, without those of clock and attempts."""
    table = pd.read_parquet(root / "trials.parquet")
    return table.drop(columns=["seconds", "images_per_second", "attempts", "started", "ended"])


def temp_dirs(driver: Driver, root: Path) -> list[Path]:
    """Temporary directories that a sweep has left: its own, and one that Ray makes by default."""
    known = Path(tempfile.gettempdir(), "ray").glob(f"session_*_{driver.process.pid}")
    default = [path for path in known if path.stat().st_mtime > driver.began - 1]  # numbers recur
    return [path for path in (temp_dir(root), *default) if path.exists()]


def same(root: Path, quiet: Path) -> None:
    """Checks that two sweeps have the same results, to the last bit."""
    pd.testing.assert_frame_equal(history(root), history(quiet), check_exact=True)
    pd.testing.assert_frame_equal(trials(root), trials(quiet), check_exact=True)


def interrupt(driver: Driver, number: signal.Signals = signal.SIGINT) -> None:
    """Sends a signal: Ctrl-C as a terminal does, to the whole process group, others to one."""
    if number == signal.SIGINT:
        os.killpg(driver.process.pid, number)
    else:
        driver.process.send_signal(number)
