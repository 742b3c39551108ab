"""Upload of a sweep's missing data to W&B's server, from the sweep's tables.

The server is queried for the last step and the summary of each trial's run. Everything beyond them
is logged to that run, which has the same id online and offline
(`tune_mc1.tracking.wandb.one_run.run_id`). Then the server is queried again, as W&B does not report
data that it rejected. A complete run is recorded (`tune_mc1.tracking.wandb.sent`), and not queried
again until there is more of it.
"""

import shutil
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import wandb

from tune_mc1.results.schema import Row
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.trial_events import TrialEvent
from tune_mc1.tracking.wandb.one_run import PROJECT, finish_run, open_run, run_id
from tune_mc1.tracking.wandb.rows import epoch_rows, exit_code, run_name, summary_values
from tune_mc1.tracking.wandb.sent import marks_of
from tune_mc1.tracking.wandb.stored import ASK_PAUSE_S, ASKS, SyncError, ask, one_line
from tune_mc1.tracking.wandb.upload import AT_ONCE, Progress, Upload, silent


@dataclass
class Sync(Upload):
    """A single upload of a sweep of our own training; see `Upload`."""

    _tables: SweepTables = field(init=False)
    _varied: dict[str, bool] = field(init=False)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))
    _finishing: dict[Future[None], Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tables = self.where.read()
        self._varied = _varied(self._tables)

    def send(self, progress: Progress = silent) -> None:
        """Uploads missing data; see `Upload`."""
        started = [row for row in self._tables.trials.values() if row["attempts"]]
        open_rows = self._unsent(started)
        if not open_rows:
            return
        shutil.rmtree(self._folder, ignore_errors=True)  # left by a killed process
        self._folder.mkdir(parents=True)
        try:
            self._connect()
            for row in progress(open_rows):
                with one_line(f"the run of {row['trial']} could not be uploaded"):
                    self._begin(row)
                self._collect(len(self._finishing) >= AT_ONCE)
        finally:
            self._collect_all()
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _folder(self) -> Any:
        return self.where.wandb / "sync"

    def _begin(self, row: Row) -> None:
        """Logs a trial's missing data; a thread waits for the upload."""
        trial = row["trial"]
        last_step, summary = self._ask(trial)
        if _is_whole(row, last_step, summary):
            self.sent.add(row)
            self.known += 1
            return
        config = self._tables.columns.values(row)
        plan: TrialEvent = {
            "event": "trial",
            "trial": trial,
            "config": config,
            "config_hash": row["config_hash"],
            "fold": row["fold"],
        }
        name = run_name(trial, config, self._varied)
        run = open_run(
            self.where, plan, name, self._tables.metadata, "online", directory=self._folder
        )
        for epoch, values in epoch_rows(self._tables, trial, last_step, row["epochs_run"]):
            run.log(values, step=epoch, commit=True)
        run.summary.update(summary_values(self._tables, row))
        self._finishing[self._pool.submit(self._complete, run, row)] = row

    def _complete(self, run: wandb.Run, row: Row) -> None:
        finish_run(run, exit_code(row))
        for attempt in range(ASKS):
            time.sleep(attempt * ASK_PAUSE_S)
            if _is_whole(row, *self._ask(row["trial"])):
                return
        raise SyncError("the server did not store all uploaded data")

    def _ask(self, trial: str) -> tuple[int, dict[str, Any]]:
        metadata = self._tables.metadata
        entity = metadata.get("entity") or self._api.default_entity
        path = (
            f"{entity}/{metadata.get('project') or PROJECT}/{run_id(self.where, metadata, trial)}"
        )
        stored = ask(self._api, path)
        return max(stored.last_step, 0), stored.summary

    def _collect(self, full: bool) -> None:
        done = [future for future in self._finishing if future.done()]
        if full and not done:
            done = list(wait(self._finishing, return_when=FIRST_COMPLETED).done)
        for future in done:
            row = self._finishing.pop(future)
            with one_line(f"the run of {row['trial']} could not be uploaded"):
                future.result()
            self.sent.add(row)
            self.count += 1

    def _collect_all(self) -> None:
        """Waits for and records the remaining uploads, after a failure too."""
        failures = []
        while self._finishing:
            try:
                self._collect(full=True)
            except SyncError as error:
                failures.append(error)
        if failures:
            raise failures[0]


def _is_whole(row: Row, last_step: int, summary: dict[str, Any]) -> bool:
    marks = {name: value for name, value in marks_of(row).items() if value is not None}
    return last_step >= row["epochs_run"] and all(summary.get(k) == v for k, v in marks.items())


def _varied(tables: SweepTables) -> dict[str, bool]:
    rows, names = tables.trials.values(), tables.columns.own_names
    return {own: len({repr(row[column]) for row in rows}) > 1 for column, own in names.items()}
