"""W&B runs built from the journal's events: one run per trial, one group per sweep.

This runs in a separate process (`tune_mc1.tracking.wandb.mirror_process`), never in the sweep's.
"""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import wandb

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.exchanges import ExchangeEvent
from tune_mc1.results.journal import Record
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.trial_events import EndEvent, EpochEvent, ScoreEvent, StartEvent, TrialEvent
from tune_mc1.tracking.wandb.one_run import finish_run, open_run
from tune_mc1.tracking.wandb.rows import epoch_rows, exit_code, run_name, summary_values
from tune_mc1.tracking.wandb.sent import sync_command


@dataclass
class _Open:
    """An open run, and its last logged epoch."""

    run: wandb.Run
    logged: int


@dataclass
class WandbRuns:
    """The runs of one sweep.

    A run has every epoch of the tables exactly once, at step = epoch: a new run of a trial starts
    with the epochs of earlier attempts, and epochs that an attempt repeats are skipped. W&B's
    summary has the last value of each metric under its own name; at the end, `best_<metric>`, the
    state and so on are added, named as in `trials.parquet`.

    For the test score, after the sweep, the winner's run is reopened by its id.

    If W&B's server fails, all later runs are offline. The failed run is written offline once no
    other run is open, since only W&B's teardown frees its id.

    Attributes:
        where: The sweep's directory.
        mode: Whether runs are uploaded immediately.
        report: Called with `{"event": "notice", "text"}`, and with `{"event": "finished", "trial",
            "mode"}` for each complete run.
        tables: Tables of the events so far.
    """

    where: ResultDir
    mode: Literal["online", "offline"]
    report: Callable[[Record], None]
    tables: SweepTables = field(default_factory=SweepTables)
    _planned: dict[str, TrialEvent] = field(default_factory=dict)
    _values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _open: dict[str, _Open] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _finishing: dict[str, Future[str]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16))

    def apply(self, event: Event) -> None:
        """Applies an event without writing anything to W&B."""
        self.tables.apply(event)
        if event["event"] == "trial":
            self._planned[event["trial"]] = event
            for name, value in event["config"].items():
                self._values[name].add(repr(value))
        elif event["event"] == "exchange":
            for copy in event["copies"]:
                now = {"config": copy["config"], "config_hash": copy["config_hash"]}
                self._planned[copy["trial"]] = cast(TrialEvent, self._planned[copy["trial"]] | now)

    def take(self, event: Event) -> None:
        """Mirrors one event.

        Raises:
            wandb.Error, OSError: If W&B's files cannot be written.
        """
        self.apply(event)
        handler = getattr(self, f"_on_{event['event']}", None)
        if handler is not None and event.get("trial") not in self._late:
            with suppress(_ServerFailedError):
                handler(event)
        self.collect()

    def collect(self) -> None:
        """Records the runs that finished since the last call; to be called regularly."""
        for trial in [t for t, future in self._finishing.items() if future.done()]:
            future = self._finishing.pop(trial)
            if isinstance(future.exception(), TimeoutError):
                self._fail(trial, "could not be uploaded in time")
            else:
                self.report({"event": "finished", "trial": trial, "mode": future.result()})
        if self._late and not self._open and not self._finishing:
            self._write_late()

    @property
    def sending(self) -> bool:
        """True if something is or may be uploaded."""
        runs = [opened.run for opened in self._open.values()]
        return self.mode == "online" or bool(self._finishing) or not all(r.offline for r in runs)

    def finish(self) -> None:
        """Finishes all runs, whether or not their trials have ended, and waits for them."""
        while self._open or self._finishing or self._late:
            self.finish_open()
            wait(self._finishing.values())
            self.collect()

    def finish_open(self) -> None:
        """Starts to finish all open runs."""
        for trial in list(self._open):
            self._finish(trial)

    def wait(self, timeout_s: float) -> None:
        """Waits for the runs that are being finished, or until the time is up."""
        wait(self._finishing.values(), timeout_s)

    def _on_start(self, event: StartEvent) -> None:
        self._opened(event["trial"])

    def _on_exchange(self, event: ExchangeEvent) -> None:
        """Gives runs that are open the settings with which their trials go on."""
        for copy in event["copies"]:
            if copy["trial"] in self._open:
                now = {**copy["config"], "config_hash": copy["config_hash"]}
                config: Any = self._open[copy["trial"]].run.config
                config.update(now, allow_val_change=True)

    def _on_epoch(self, event: EpochEvent) -> None:
        self._log(event["trial"], event["epoch"])

    def _on_end(self, event: EndEvent | ScoreEvent) -> None:
        self._log(event["trial"], self.tables.trials[event["trial"]]["epochs_run"])
        self._finish(event["trial"])

    _on_test = _on_end

    def _log(self, trial: str, last: int) -> None:
        """Logs the epochs up to `last` that the run does not have yet."""
        opened = self._opened(trial)
        for epoch, values in epoch_rows(self.tables, trial, opened.logged, last):
            opened.run.log(values, step=epoch, commit=True)
        opened.logged = max(opened.logged, last)

    def _summarise(self, trial: str) -> None:
        self._opened(trial).run.summary.update(
            summary_values(self.tables, self.tables.trials[trial])
        )

    @property
    def _varied(self) -> dict[str, bool]:
        return {name: len(values) > 1 for name, values in self._values.items()}

    def _opened(self, trial: str) -> _Open:
        """A trial's run, opened if necessary."""
        if trial not in self._open:
            if trial in self._finishing:
                wait([self._finishing[trial]])
                self.collect()
            try:
                run = open_run(
                    self.where,
                    self._planned[trial],
                    run_name(trial, self._planned[trial]["config"], self._varied),
                    self.tables.metadata,
                    self.mode,
                )
            except wandb.Error as error:
                if self.mode == "offline":
                    raise
                self._fail(trial, f"could not be opened: {' '.join(str(error).split())}")
                raise _ServerFailedError from error
            # A resumed online run continues after the server's last step.
            self._open[trial] = _Open(run, max(run.starting_step - 1, 0))
        return self._open[trial]

    def _finish(self, trial: str) -> None:
        """Finishes a run in a thread, as the upload may take long."""
        self._summarise(trial)
        run = self._open.pop(trial).run
        code = exit_code(self.tables.trials[trial])
        self._finishing[trial] = self._pool.submit(finish_run, run, code)

    def _fail(self, trial: str, reason: str) -> None:
        """Records that the server failed."""
        self._late.add(trial)
        if self.mode == "online":
            self.mode = "offline"
            text = (
                f"W&B: the run of {trial} {reason}. From now on, trials are recorded offline in "
                f"{self.where.wandb}; {sync_command(self.where)} uploads them"
            )
            self.report({"event": "notice", "text": text})

    def _write_late(self) -> None:
        wandb.teardown()
        late, self._late = self._late, set()
        for trial in late:
            row = self.tables.trials[trial]
            self._log(trial, row["epochs_run"])
            if row["state"] != "running":
                self._finish(trial)


class _ServerFailedError(Exception):
    """A run could not be opened online."""
