"""Mirrors a sweep's journal to W&B from a process of its own, so that W&B can never harm a sweep.

The sweep only starts it and waits for it at the end (`tune_mc1.tracking.wandb.mirror_process`).
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tune_mc1.files import PACKAGE
from tune_mc1.redaction import redact
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import read_events, read_records
from tune_mc1.tracking.wandb.sent import sync_command

POLL_S = 0.25
PATIENCE_S = 5.0
"""How long the end of a sweep waits before it says what for."""
END_WAIT_S = {"online": 20.0, "offline": 60.0}
"""How long the end of a sweep waits at most: what a server does not take can be sent later."""
LAST_CHANCE_S = 5.0
"""What a process told to end has left to write its files."""


class WandbMirror:
    """The sweep's side: starts the process, passes on what it says, waits for it at the end.

    Nothing here raises for a failure of W&B, or waits for it before `finish`.

    Args:
        where: The sweep's directory.
        mode: Whether runs are sent at once.
        notify: Called with each notice for the user.
    """

    def __init__(
        self, where: ResultDir, mode: Literal["online", "offline"], notify: Callable[[str], None]
    ) -> None:
        self.where = where
        self.mode = mode
        self.notify = notify
        self.log = where.log("wandb")
        self._process: subprocess.Popen[bytes] | None = None
        self._told = status_file(where)
        self._offset = self._told_offset = 0
        self._finished: set[str] = set()
        self._failure_told = False
        self._next_check = 0.0

    def start(self) -> None:
        """Starts the process. It mirrors what the journal gets from now on."""
        self._offset, self._told_offset = _size(self.where.journal), _size(self._told)
        command = [
            sys.executable,
            "-P",
            "-m",
            "tune_mc1.tracking.wandb.mirror_process",
            str(self.where.root),
        ]
        command += ["--mode", self.mode, "--from", str(self._offset), "--parent", str(os.getpid())]
        package = str(PACKAGE.parent)
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        try:
            self.log.parent.mkdir(exist_ok=True)
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=os.environ | {"PYTHONPATH": path},
                    start_new_session=True,  # a Ctrl-C in the terminal is for the sweep
                )
        except OSError as error:
            self.notify(f"W&B: cannot be started: {error}. The sweep goes on without it.")

    def check(self) -> None:
        """Passes on what the process said, and whether it died. Costs nothing; call it often."""
        if self._process is None or time.monotonic() < self._next_check:
            return
        self._next_check = time.monotonic() + 2 * POLL_S
        self._pass_on()

    def finish(self, timeout_s: float | None = None) -> None:
        """Waits until all runs are complete, and ends the process if that takes too long.

        Call it when event `close` is in the journal.

        Args:
            timeout_s: Seconds to wait at most; None for `END_WAIT_S`.
        """
        if self._process is None:
            return
        try:
            self._await(self._process, END_WAIT_S[self.mode] if timeout_s is None else timeout_s)
        finally:
            if self._process.poll() is None:
                self._failure_told = True  # what comes next is our doing
                _end(self._process)
            self._pass_on()
            self._tell_incomplete()

    def abandon(self) -> None:
        """Tells the process to end, without waiting; it still writes its files."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _await(self, process: subprocess.Popen[bytes], timeout_s: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(PATIENCE_S, timeout_s))
            return
        self.notify(f"W&B: waiting up to {timeout_s:g} s for its last runs; Ctrl-C leaves them.")
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(timeout_s - PATIENCE_S, 0))

    def _pass_on(self) -> None:
        for event, offset in read_records(self._told, self._told_offset):
            self._told_offset = offset
            if event["event"] == "notice":
                self.notify(event["text"])
            else:
                self._finished.add(event["trial"])
        code = self._process.poll() if self._process is not None else None
        if code and not self._failure_told:
            self._failure_told = True
            self.notify(
                f"W&B: its process ended with status {code}: {_last_line(self.log)}. "
                f"The sweep is not affected. Log: {self.log}"
            )

    def _tell_incomplete(self) -> None:
        events = [event for event, _ in read_events(self.where.journal, self._offset)]
        started = dict.fromkeys(e["trial"] for e in events if e["event"] == "start")
        missing = [trial for trial in started if trial not in self._finished]
        if missing:
            more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
            self.notify(
                f"W&B: incomplete there: {', '.join(missing[:10])}{more}. "
                f"{sync_command(self.where)} sends all that is missing."
            )


def status_file(where: ResultDir) -> Path:
    """What the process tells the sweep: notices, and which runs are complete."""
    return where.root / "logs" / "wandb.jsonl"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _last_line(log: Path) -> str:
    """The last line of a log, without the API key, should it ever be there."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    line = next((text.strip() for text in reversed(lines) if text.strip()), "it said nothing")
    return redact(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, by force if it must be."""
    process.terminate()
    try:
        process.wait(LAST_CHANCE_S + 1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
