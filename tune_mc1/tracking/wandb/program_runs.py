"""End of a program's sweep in W&B: its cut-off runs are ended, and the user hears of the rest."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from tune_mc1.errors import StorageError
from tune_mc1.files import PACKAGE
from tune_mc1.programs.run_end import end_run
from tune_mc1.programs.trial_run import run_file
from tune_mc1.redaction import redact
from tune_mc1.results.directory import ResultDir
from tune_mc1.tracking.wandb.mode import Mode
from tune_mc1.tracking.wandb.rows import exit_code
from tune_mc1.tracking.wandb.run_places import RunPlaces
from tune_mc1.tracking.wandb.sent import offline_line, sync_command

PATIENCE_S = 5.0
"""Seconds of waiting at the end of a sweep before a notice says why."""
LAST = "last\n"
"""What the process is told when no program runs any more."""
PROCESS = "tune_mc1.tracking.wandb.program_upload"
END_WAIT_S = 30.0
"""Maximum wait for the server at the end of a sweep."""

_ENDED_BY_THEMSELVES = ("pending", "completed", "stopped")


class ProgramRuns:
    """What remains to be done for the runs that a program has logged by itself.

    Online, the server knows neither how a trial ended nor all that a killed program had logged: a
    process of its own (`tune_mc1.tracking.wandb.program_upload`) sends that while the sweep goes
    on, as `wandb sync` does later for offline runs.

    Args:
        where: The sweep's directory.
        mode: Mode of W&B in the program.
        notify: Called with each notice for the user.
    """

    def __init__(self, where: ResultDir, mode: Mode, notify: Callable[[str], None]) -> None:
        self.where = where
        self.mode = mode
        self.notify = notify
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts the upload of what the programs do not send by themselves, if online."""
        if self.mode == "online":
            self._begin()

    def check(self) -> None:
        """Nothing."""

    def finish(self, timeout_s: float | None = None) -> bool:
        """Ends the runs of trials that were cut off, and sends what the server lacks, if online.

        To be called once no program runs any more.

        Args:
            timeout_s: Maximum wait in seconds; None for `END_WAIT_S`.

        Returns:
            Whether the server has everything, if it is to have it.
        """
        count = self._end_runs()
        if self.mode == "online" and count:
            return self._send(END_WAIT_S if timeout_s is None else timeout_s)
        if self._process is not None:
            self._process.kill()
        elif self.mode == "offline" and count:
            self.notify(offline_line(self.where, count))
        return True

    def abandon(self) -> None:
        """Ends the upload."""
        if self._process is not None:
            self._process.kill()

    def _end_runs(self) -> int:
        """Ends runs whose programs could not; returns the number of all."""
        count, places = 0, RunPlaces(self.where)
        for trial, row in self.where.read().trials.items():
            with suppress(StorageError):
                count += places.has(row)
            file = run_file(self.where.program_files(trial)) if row["attempts"] else None
            if file is not None and row["state"] not in _ENDED_BY_THEMSELVES:
                with suppress(OSError):  # `wandb sync` ends it later
                    end_run(file, row["state"], exit_code(row))
        return count

    def _begin(self) -> "subprocess.Popen[str]":
        offset = self.where.journal.stat().st_size if self.where.journal.exists() else 0
        package = str(PACKAGE.parent)
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", PROCESS, str(self.where.root), "--from", str(offset)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
            text=True,
            start_new_session=True,  # a Ctrl-C in the terminal is for the sweep
        )
        return self._process

    def _send(self, limit_s: float) -> bool:
        process = self._process or self._begin()
        reason = self._wait(process, limit_s)
        if reason is not None:
            self.notify(
                f"W&B: how the trials ended is not complete there: {redact(reason)}. "
                f"{sync_command(self.where)} uploads the missing data."
            )
        return reason is None

    def _wait(self, process: subprocess.Popen[str], limit_s: float) -> str | None:
        """Asks the upload to end with what is left; returns why it failed, if it did."""
        with process:
            try:
                assert process.stdin is not None
                with suppress(OSError):  # it has failed already
                    process.stdin.write(LAST)
                    process.stdin.close()
                process.stdin = None
                with suppress(subprocess.TimeoutExpired):
                    process.wait(min(PATIENCE_S, limit_s))
                if process.returncode is None and limit_s > PATIENCE_S:
                    self.notify(
                        f"W&B: waiting up to {limit_s:g} s for the last runs; Ctrl-C skips them."
                    )
                _, said = process.communicate(timeout=max(0.0, limit_s - PATIENCE_S))
            except subprocess.TimeoutExpired:
                process.kill()
                return f"no answer within {limit_s:g} s"
            except BaseException:
                process.kill()
                raise
        return None if process.returncode == 0 else said.strip() or "the upload failed"
