"""Mirror of a sweep's journal in W&B, in a separate process, so that W&B cannot affect the sweep.

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
from tune_mc1.tracking.wandb.sent import offline_line, sync_command

POLL_S = 0.25
PATIENCE_S = 5.0
"""Seconds of waiting at the end of a sweep before a notice says why."""
END_WAIT_S = {"online": 20.0, "offline": 60.0}
"""Maximum wait at the end of a sweep; missing data can be uploaded later."""
LAST_CHANCE_S = 5.0
"""Seconds for a terminated process to write its files."""


class WandbMirror:
    """The sweep's side: starts the process, passes on its notices, waits for it at the end.

    Nothing here raises because of a failure of W&B, or waits for it before `finish`.

    Args:
        where: The sweep's directory.
        mode: Whether runs are uploaded immediately.
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
        self._status = status_file(where)
        self._offset = self._status_offset = 0
        self._finished: set[str] = set()
        self._failure_reported = False
        self._next_check = 0.0

    def start(self) -> None:
        """Starts the process, which mirrors all events from now on."""
        self._offset, self._status_offset = _size(self.where.journal), _size(self._status)
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
            self.notify(f"W&B: cannot be started: {error}. The sweep continues without it.")

    def check(self) -> None:
        """Passes on the process's notices, and reports if it died; cheap, to be called often."""
        if self._process is None or time.monotonic() < self._next_check:
            return
        self._next_check = time.monotonic() + 2 * POLL_S
        self._pass_on()

    def finish(self, timeout_s: float | None = None) -> bool:
        """Waits until all runs are complete, and ends the process if that takes too long.

        To be called once the event `close` is in the journal.

        Args:
            timeout_s: Maximum wait in seconds; None for `END_WAIT_S`.

        Returns:
            Whether all runs are complete.
        """
        if self._process is None:
            return False
        try:
            self._await(self._process, END_WAIT_S[self.mode] if timeout_s is None else timeout_s)
        finally:
            if self._process.poll() is None:
                self._failure_reported = True  # the exit is our own doing
                _end(self._process)
            self._pass_on()
            missing = self._report_incomplete()
        return not (self._failure_reported or missing)

    def abandon(self) -> None:
        """Terminates the process, without waiting; it still writes its files."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _await(self, process: subprocess.Popen[bytes], timeout_s: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(PATIENCE_S, timeout_s))
            return
        self.notify(f"W&B: waiting up to {timeout_s:g} s for the last runs; Ctrl-C skips them.")
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(timeout_s - PATIENCE_S, 0))

    def _pass_on(self) -> None:
        for event, offset in read_records(self._status, self._status_offset):
            self._status_offset = offset
            if event["event"] == "notice":
                self.notify(event["text"])
            else:
                self._finished.add(event["trial"])
        code = self._process.poll() if self._process is not None else None
        if code and not self._failure_reported:
            self._failure_reported = True
            self.notify(
                f"W&B: its process exited with status {code}: {_last_line(self.log)}. "
                f"The sweep is not affected. Log: {self.log}"
            )

    def _report_incomplete(self) -> list[str]:
        """Says which runs are incomplete, if any; returns their trials."""
        events = [event for event, _ in read_events(self.where.journal, self._offset)]
        started = dict.fromkeys(e["trial"] for e in events if e["event"] == "start")
        missing = [trial for trial in started if trial not in self._finished]
        if missing:
            more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
            self.notify(
                f"W&B: incomplete runs: {', '.join(missing[:10])}{more}. "
                f"{sync_command(self.where)} uploads the missing data."
            )
        elif self.mode == "offline" and started:
            self.notify(offline_line(self.where, len(self.where.read().attempted())))
        return missing


def status_file(where: ResultDir) -> Path:
    """File by which the process reports notices and complete runs to the sweep."""
    return where.root / "logs" / "wandb.jsonl"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _last_line(log: Path) -> str:
    """The last line of a log, without secrets such as an API key."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    line = next((text.strip() for text in reversed(lines) if text.strip()), "no output")
    return redact(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminates a process, or kills it if necessary."""
    process.terminate()
    try:
        process.wait(LAST_CHANCE_S + 1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
