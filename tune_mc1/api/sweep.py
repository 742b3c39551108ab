"""A sweep: its results while it runs and afterwards."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_mc1.api import display
from tune_mc1.api.driver import Driver, OtherDriver, OwnDriver
from tune_mc1.api.outputs import SweepOutputs
from tune_mc1.api.steering import SteeredSweep
from tune_mc1.api.trial import Trial
from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.states import Row
from tune_mc1.results.status import Status, status_of
from tune_mc1.results.store.local_copy import remote_of
from tune_mc1.results.store.result_files import Files
from tune_mc1.results.trials_frame import read_trials

if TYPE_CHECKING:
    import pandas as pd

    from tune_mc1.results.tables import SweepTables


class Sweep(SteeredSweep, SweepOutputs):
    """Results of a sweep, read from its directory whenever they are asked for.

    `sweep["t0007"]` is a trial, `for trial in sweep` goes through all of them in the order of the
    plan, and `len(sweep)` counts them.

    Args:
        directory: Its result directory.
        driver: The process that runs it, if that was started here.
    """

    def __init__(self, directory: Path, driver: OwnDriver | None = None) -> None:
        self._where = ResultDir(directory)
        self._driver = driver
        self._read: tuple[tuple[Any, ...], SweepTables] | None = None

    @property
    def directory(self) -> Path:
        """The result directory."""
        return self._where.root

    @property
    def metric(self) -> str:
        """Column of its metric; empty if it has none."""
        return self._tables().metric

    @property
    def maximize(self) -> bool:
        """Whether a higher metric is better."""
        return self._tables().maximize

    @property
    def trials(self) -> "pd.DataFrame":
        """A row per trial, in the order of the plan: the columns of `trials.parquet`."""
        return read_trials(self._where)

    @property
    def history(self) -> "pd.DataFrame":
        """A row per trial and epoch, or iteration of a program: `history.parquet`."""
        from tune_mc1.results.frames import read_tables

        return read_tables(self._where)[1]

    @property
    def settings(self) -> "pd.DataFrame":
        """A row per setting, best mean first: `settings.parquet`, with 95 % intervals."""
        from tune_mc1.results.settings import settings_table

        frame: pd.DataFrame = settings_table(self._tables()).to_pandas()
        return frame

    @property
    def best(self) -> Trial:
        """The best trial of the best setting.

        Raises:
            InputError: If no trial has a score yet.
        """
        trials = self._best_of_setting()
        if trials:
            return trials[0]
        what = "has a score yet" if self.metric else "has a score, as the sweep has no metric"
        raise InputError(f"{self.directory}: no trial {what}")

    @property
    def best_trials(self) -> list[Trial]:
        """With several objectives the trials on the Pareto front, else those of the best setting.

        The best one comes first; by the first objective, if there are several.
        """
        from tune_mc1.results.pareto import front_of

        tables = self._tables()
        front = front_of(tables)
        return [self._trial(row) for row in front] if front else self._best_of_setting()

    def _best_of_setting(self) -> list[Trial]:
        from tune_mc1.results.settings import winners

        tables = self._tables()
        won = {row["trial"] for row in winners(tables)}
        return [self._trial(row) for row in tables.ranked() if row["trial"] in won]

    def _trial(self, row: Row) -> Trial:
        return Trial(self._files, self._tables(), row)

    @property
    def status(self) -> Status:
        """`running`; `finished` if all trials, or its budget, have ended; else `interrupted`."""
        if self._holder().is_alive():  # a process that only exits has finished
            return "running"
        return status_of(self._where, self._tables(), alive=False)

    @property
    def states(self) -> dict[str, int]:
        """Number of trials in each state, such as `{"completed": 12, "running": 2}`."""
        return dict(Counter(row["state"] for row in self._tables().trials.values()))

    def wait(self, timeout: float | None = None, *, progress: bool = True) -> "Sweep":
        """Waits until the sweep ends, and returns it; Ctrl-C, or a kernel's interrupt, stops it.

        Args:
            timeout: Maximum number of seconds; the sweep then goes on.
            progress: Whether to show how far it is.

        Raises:
            InputError: If it could not start, for example as its images cannot be used.
            TuneMc1Error: If it could not go on, for example as the disk is full.
            KeyboardInterrupt: If it was interrupted here; the sweep has then ended, and
                `tune_mc1.sweep(..., resume=DIR)` continues it.
        """
        driver = self._running()
        shown = display.Progress(self._summary) if progress and not driver.speaks else None
        driver.wait(timeout, shown)
        return self

    def stop(self, *, wait: bool = True) -> None:
        """Stops the sweep as Ctrl-C does: what its trials have is kept, and it can be resumed.

        Args:
            wait: Whether to wait until it has ended, which takes some seconds.

        Raises:
            InputError: If it runs on another machine, where it must be stopped.
        """
        driver = self._running()
        driver.stop()
        if wait:
            driver.wait(None, None)

    def __len__(self) -> int:
        return len(self._tables().trials)

    def __iter__(self) -> Iterator[Trial]:
        return (self._trial(row) for row in self._tables().trials.values())

    def __getitem__(self, trial: str) -> Trial:
        """A trial by its id.

        Raises:
            InputError: If there is none of this id.
        """
        tables = self._tables()
        if trial not in tables.trials:
            hint = did_you_mean(str(trial), tables.trials)
            raise InputError(f"{self.directory}: has no trial {trial!r}{hint}")
        return self._trial(tables.trials[trial])

    def __repr__(self) -> str:
        return f"Sweep({str(self.directory)!r}: {display.line(self._summary())})"

    def _repr_html_(self) -> str:
        from tune_mc1.api.notebook_tables import sweep_html

        return sweep_html(self._summary(), self._tables())

    @property
    def _files(self) -> Files:
        return Files(self._where, remote_of(self._where))

    def _summary(self) -> display.Summary:
        return display.summary(self._where.root.name, self.status, self._tables())

    def _running(self) -> Driver:
        """The process that runs the sweep: the one that was started here, or another."""
        own = self._driver
        return own if own is not None and not own.is_over() else self._holder()

    def _holder(self) -> OtherDriver:
        return OtherDriver(self._where, remote_of(self._where))

    def _tables(self) -> "SweepTables":
        """The tables; read again if a file has changed."""
        paths = (self._where.journal, self._where.trials, self._where.history)
        stamps = tuple((p.stat().st_size, p.stat().st_mtime_ns) for p in paths if p.exists())
        if self._read is None or self._read[0] != stamps:
            self._read = stamps, self._where.read()
        return self._read[1]
