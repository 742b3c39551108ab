"""Upload of the W&B runs of a sweep's programs, by W&B's own `wandb beta sync`.

Each trial has the run of its last attempt (`tune_mc1.programs.trial_run`). A run is sent as a whole
from the file that the program wrote: what the server has of it already is replaced by the same.
Then the server is queried, as W&B reports no data that the server did not store. A complete run is
recorded (`tune_mc1.tracking.wandb.sent`), and not sent again until there is more of it.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tune_mc1.file_lock import locked
from tune_mc1.programs.run_end import RunFacts, end_run, read_facts
from tune_mc1.results.schema import Row
from tune_mc1.tracking.wandb.one_run import SERVER_TIMEOUT_S
from tune_mc1.tracking.wandb.rows import exit_code
from tune_mc1.tracking.wandb.run_places import RunPlaces
from tune_mc1.tracking.wandb.stored import ASK_PAUSE_S, ASKS, SyncError, ask, one_line
from tune_mc1.tracking.wandb.upload import AT_ONCE, Progress, Upload, silent

BATCH = 16
"""Number of runs for each start of W&B's command."""
SLOWEST = 50_000
"""Bytes a second; an upload that takes longer has failed."""

_MARKS = (".synced", ".syncstate")
"""Ends of the names of what W&B's command notes beside a file that it has sent."""
_NO_PROJECT = "uncategorized"
_NO_SUCH_OPTION = 2


@dataclass(frozen=True)
class _TrialRun:
    row: Row
    file: Path
    facts: RunFacts


@dataclass
class ProgramSync(Upload):
    """A single upload of a program's sweep; see `Upload`."""

    _places: RunPlaces = field(init=False)

    def __post_init__(self) -> None:
        self._places = RunPlaces(self.where)

    def send(self, progress: Progress = silent) -> None:
        """Uploads missing data; see `Upload`."""
        self.send_trials(self._with_runs(), progress)

    def send_trials(self, rows: Sequence[Row], progress: Progress = silent) -> None:
        """Uploads missing data of some trials, none of which runs any more.

        Args:
            rows: Rows of the trials.
            progress: As in `Upload.send`.

        Raises:
            SyncError: If the server fails; completed uploads are recorded.
        """
        new = self._unsent([row for row in rows if self._places.has(row)])
        if not new:
            return
        self._connect()
        with one_line("cannot be reached"):
            self._api.default_entity  # noqa: B018  asks the server
        waiting: list[_TrialRun] = []
        for row in progress(new):
            run = self._ended(row)
            if run is None:
                self.notes.append(f"{row['trial']}: its program put its run elsewhere.")
                continue
            with one_line(f"the run of {row['trial']} could not be uploaded"):
                if self._is_whole(run):
                    self.sent.add(row)
                    self.known += 1
                else:
                    waiting.append(run)
            if len(waiting) == BATCH:
                self._upload(waiting)
                waiting = []
        if waiting:
            self._upload(waiting)

    def _with_runs(self) -> list[Row]:
        """Rows of the trials that do not run any more."""
        running, rows = self._running(), []
        for trial, row in self.where.read().trials.items():
            if row["state"] == "running" and running:
                self.notes.append(f"{trial} still runs: send it again when it has ended.")
            else:
                rows.append(row)
        return rows

    def _running(self) -> bool:
        """True if the sweep runs: else a trial that seems to has been cut off with it."""
        try:
            with locked(self.where.lock, wait=False):
                return False
        except BlockingIOError:
            return True
        except OSError:  # a directory that cannot be written
            return False

    def _ended(self, row: Row) -> _TrialRun | None:
        try:
            file = self._places.file(row)
            if file is None:
                return None
            end_run(file, row["state"], exit_code(row))
            return _TrialRun(row, file, read_facts(file))
        except OSError as error:
            raise SyncError(f"{error.filename}: {error.strerror}") from None

    def _is_whole(self, run: _TrialRun) -> bool:
        facts = run.facts
        place = facts.entity or self._api.default_entity
        path = f"{place}/{facts.project or _NO_PROJECT}/{facts.run_id}"
        stored = ask(self._api, path)
        same = stored.last_step >= facts.steps and stored.summary.get("state") == facts.state
        return same and stored.ended  # an upload that was cut off may lack the end alone

    def _upload(self, runs: Sequence[_TrialRun]) -> None:
        """Sends runs, and notes those that the server then has."""
        failure = self._command([run.file for run in runs])
        missing = list(runs)
        for attempt in range(ASKS):
            time.sleep(attempt * ASK_PAUSE_S)
            with one_line("the upload could not be checked"):
                whole = [run for run in missing if self._is_whole(run)]
            for run in whole:
                self.sent.add(run.row)
            self.count += len(whole)
            missing = [run for run in missing if run not in whole]
            if not missing:
                return
        with one_line(f"the run of {missing[0].row['trial']} could not be uploaded"):
            raise SyncError(failure or "the server did not store all uploaded data")

    def _command(self, files: Sequence[Path]) -> str | None:
        """Runs W&B's command; returns its error, if any."""
        for file in files:
            for mark in _MARKS:
                file.with_name(file.name + mark).unlink(missing_ok=True)
        size = sum(path.stat().st_size for f in files for path in f.parent.rglob("*"))
        limit_s = float(os.environ.get("WANDB_FINISH_TIMEOUT", SERVER_TIMEOUT_S)) + size / SLOWEST
        there = self.where.wandb.exists()
        folder = self.where.wandb / "sync"  # for W&B's logs
        folder.mkdir(parents=True, exist_ok=True)
        try:
            status, said = _run(["--no-skip-online", *map(str, files)], folder, limit_s)
            if status == _NO_SUCH_OPTION:  # wandb before 0.29 sends these anyway
                status, said = _run([*map(str, files)], folder, limit_s)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if not there:
                with suppress(OSError):
                    self.where.wandb.rmdir()
        return _error(said) or (f"Timed out after {limit_s:.0f} s" if status is None else None)


def _run(words: Sequence[str], folder: Path, limit_s: float) -> tuple[int | None, str]:
    """Exit status, None after the time limit, and output of W&B's command."""
    command = [sys.executable, "-m", "wandb", "beta", "sync", "--no-skip-synced"]
    command += ["-n", str(AT_ONCE), *words]
    env = os.environ | {"WANDB_DIR": str(folder), "WANDB_SILENT": "false"}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    )
    with process:
        try:
            said, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            process.kill()
            return None, (error.stdout or b"").decode(errors="replace")
        except BaseException:
            process.kill()
            raise
    return process.returncode, said.decode(errors="replace")


def _error(said: str) -> str | None:
    """What W&B's command complains of."""
    lines = [line for line in said.splitlines() if re.search(r"\bERROR\b|[Ff]ailed", line)]
    return re.sub(r"^wandb: (ERROR )?(\[[^]]*\] )?", "", lines[-1]).strip() if lines else None
