"""Sweeps on a cluster of the lab, watched from outside by their journal."""

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from tests.lab.machine import Machine
from tests.support.faults import events, history, result_dir, trials, write_sweep

PATIENCE_S = 400.0


class Starter(Protocol):
    """What starts a command in the project's copy on the head: the launcher, or a shell there."""

    def start(self, command: str, log: Path) -> "subprocess.Popen[str]":
        """Starts a command in the background, which says what it says to a file."""


class Shell:
    """A shell on a host.

    Args:
        host: The host.
    """

    def __init__(self, host: Machine) -> None:
        self.host = host

    def start(self, command: str, log: Path) -> "subprocess.Popen[str]":
        """Starts a command in the background."""
        return self.host.start(f"source ~/.bashrc; cd ~/tune_mc1 && {command}", log=log)


class Sweep:
    """A sweep that runs on the head.

    Args:
        cluster: Starts it.
        folder: Of this sweep, whose results go to `out` there; one that was cut off goes on.
        content: Of its file.
        store: URL of an object store for its results, of which the driver has a copy; None writes
            them to `folder`.
        copy: Where the driver's copies are, as seen from outside.
    """

    def __init__(
        self,
        cluster: Starter,
        folder: Path,
        content: dict[str, Any],
        store: str | None = None,
        copy: Path | None = None,
    ) -> None:
        self.content, self.log = content, folder / "exec.log"
        self.out = folder / "out" if copy is None else copy
        if self.out.exists():
            words = f"--resume {self.root}"
        else:
            words = f"{write_sweep(folder, content)} -o {store or self.out}"
        command = f"python -m tune_mc1 sweep grid {words} --address auto --wandb disabled"
        self.process = cluster.start(command, self.log)

    @property
    def root(self) -> Path:
        return result_dir(self.out)

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """What the journal has, also while there is none."""
        return [e for root in self.out.glob("*") for e in events(root, *kinds)]

    def wait_for(self, condition: Callable[[], Any], seconds: float = PATIENCE_S) -> None:
        """Waits until something holds of the sweep that runs."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"it ended:\n{self.log.read_text()}"
            assert time.monotonic() < end, f"nothing happened:\n{self.log.read_text()}"
            time.sleep(0.2)

    def wait(self, seconds: float = PATIENCE_S) -> int:
        """The exit status."""
        return self.process.wait(seconds)

    def nodes(self, since: float = 0.0) -> set[str]:
        """Hosts that have reported an epoch.

        Args:
            since: The time from which on, in seconds since 1970.
        """
        return {e["node"] for e in self.events("epoch") if e["time"] >= since}

    def seconds(self) -> float:
        """Time from the start of the first trial to the end of the last one."""
        began = min(e["time"] for e in self.events("start"))
        ended: float = max(e["time"] for e in self.events("end"))
        return ended - float(began)

    def on(self, node: str) -> set[str]:
        """Trials that run on a host, by their last report, and will not end just now."""
        last = {e["trial"]: e for e in self.events("epoch")}
        longest = self.content["parameters"]["epochs"]["value"]
        return {t for t, e in last.items() if e["node"] == node and e["epoch"] <= longest - 5}

    def epochs_run_again(self) -> dict[str, int]:
        """For each trial, how many epochs that had been reported were run again.

        A trial that goes on says its last epoch once more, with the same clock.
        """
        clocks: dict[tuple[str, int], set[float]] = defaultdict(set)
        for event in self.events("epoch"):
            clocks[event["trial"], event["epoch"]].add(event["seconds"])
        again: dict[str, int] = defaultdict(int)
        for (trial, _), seen in clocks.items():
            again[trial] += len(seen) - 1
        return dict(again)


class Alone:
    """The same sweep on one machine, on a Ray of its own, beside what else there is to do.

    Args:
        client: The machine.
        folder: A directory of this sweep.
        content: Of its file.
        env: More environment variables.
    """

    def __init__(
        self,
        client: Machine,
        folder: Path,
        content: dict[str, Any],
        env: Mapping[str, str] | None = None,
    ) -> None:
        file = write_sweep(folder, content)
        self._out, self._log = folder / "out", folder / "alone.log"
        words = f"{content['method']} {file} -o {self._out} --wandb disabled --max-concurrent 2"
        self._process = client.start(f"python -m tune_mc1 sweep {words}", self._log, env)

    @property
    def results(self) -> Path:
        """Its results, once it has ended."""
        assert self._process.wait(900) == 0, self._log.read_text()
        return result_dir(self._out)


def alone(client: Machine, folder: Path, content: dict[str, Any]) -> Path:
    """The same sweep on one machine, on a Ray of its own; returns its results."""
    return Alone(client, folder, content).results


def same(root: Path, quiet: Path) -> None:
    """Checks that two sweeps have the same numbers, to the last bit, wherever they were made."""
    pd.testing.assert_frame_equal(history(root), history(quiet), check_exact=True)
    places = ["node", "device_name"]
    mine, theirs = (trials(path).drop(columns=places) for path in (root, quiet))
    pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


def within(seconds: float, condition: Callable[[], Any]) -> None:
    """Waits until something holds that costs a process to ask."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(1)


def namespaces_in_use() -> set[str]:
    """Those in which any process of this machine is."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/ns/*"):
        with suppress(OSError):  # it may just have ended
            found.add(str(link.readlink()))
    return found
