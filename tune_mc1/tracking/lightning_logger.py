"""Any logger of Lightning as a tracker, by its class path: one logger per trial."""

import inspect
import shutil
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tune_mc1.config.logger_class import LoggerClass
from tune_mc1.errors import InputError
from tune_mc1.tracking.logger_record import FOLDER, LoggerRecord
from tune_mc1.tracking.mlflow import SERVER, database
from tune_mc1.tracking.run_tracker import launcher
from tune_mc1.tracking.tracker import Launch
from tune_mc1.tracking.trial_runs import IMPORTS, Scalars, Source, TrialRuns

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from tune_mc1.results.directory import ResultDir

KEYS = {"run_id": "run_id", "experiment_key": "version"}
"""Arguments by which a logger goes on with a run of its server, and the attributes that have it."""

OWN = ("version", *KEYS)
"""Arguments that a sweep file cannot set, as they tell one trial from another."""

STATUS = {"completed": "success", "stopped": "success", "diverged": "success", "failed": "failed"}


def set_up_logger(given: LoggerClass) -> Launch:
    """Launch function of a logger.

    Raises:
        InputError: If there is no such logger, or it does not take the arguments.
    """
    where = f"tracker: {given.class_path}"
    module, _, name = given.class_path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InputError(f"{where}: cannot be imported: {error}") from None
    from lightning.pytorch.loggers import Logger, WandbLogger

    if not (isinstance(found, type) and issubclass(found, Logger)):
        raise InputError(f"{where}: must be a Logger of lightning.pytorch, got {found!r}")
    if issubclass(found, WandbLogger):
        raise InputError(f"{where}: has one run a process; the tracker wandb has one a trial")
    if own := [name for name in OWN if name in given.init_args]:
        raise InputError(f"{where}: init_args.{own[0]}: cannot be set, as each trial has its own")
    try:
        inspect.signature(found).bind_partial(**given.init_args)
    except TypeError as error:
        takes = ", ".join(inspect.signature(found).parameters)
        raise InputError(f"{where}: {error} (it takes {takes})") from None
    return launcher(name, lambda place, source: LoggerRuns(source, place, found, given.init_args))


class LoggerRuns(TrialRuns):
    """Trials as a logger writes them.

    A logger of files (it has a `log_dir`) writes the folder of a resumed trial anew. Of any other,
    epochs that were sent are not sent again (`tune_mc1.tracking.logger_record`), and nothing is
    opened on its server before there is something to send.

    Args:
        source: What is written.
        where: The result directory.
        made_by: Class of the loggers.
        arguments: Arguments of its constructor.
    """

    def __init__(
        self,
        source: Source,
        where: "ResultDir",
        made_by: "type[Logger]",
        arguments: Mapping[str, Any],
    ) -> None:
        super().__init__(source)
        self._class, self._arguments = made_by, arguments
        self._folder = where.root / FOLDER / made_by.__name__
        self._takes = inspect.signature(made_by).parameters
        self._key = next((name for name in KEYS if name in self._takes), None)
        own = "tracking_uri" in self._takes and "tracking_uri" not in arguments and not SERVER
        self._database = self._folder.with_suffix(".db") if own else None
        self._record = LoggerRecord(where, made_by.__name__, self._database)
        self._loggers: dict[str, Logger] = {}
        self._begun: set[str] = set()
        self._summaries: dict[str, dict[str, float]] = {}
        self._told = False

    def begin(self) -> None:
        """Reads what was sent before."""
        self._folder.parent.mkdir(exist_ok=True)
        self._record.read()

    def open(self, trial: str) -> Mapping[int, Scalars]:
        """Makes the logger of a trial."""
        self._make(trial)
        if self._files(trial):
            return {}
        history = self.source.tables.history
        epochs = (e for e in range(1, self._last(trial) + 1) if (trial, e) in history)
        return {epoch: self.source.scalars(trial, epoch) for epoch in epochs}

    def restart(self, trial: str) -> None:
        """Begins the files of a trial anew; what was sent to a server stays."""
        if self._files(trial):
            self._loggers[trial].finalize("failed")
            self._make(trial)

    def log(self, trial: str, rows: Mapping[int, Scalars]) -> None:
        """Logs the metrics of epochs, with step = epoch."""
        logger, last = self._loggers[trial], self._last(trial)
        new = [epoch for epoch in rows if self._files(trial) or epoch > last]
        if not new:
            return
        self._begin_run(trial)
        for epoch in new:
            logger.log_metrics(dict(rows[epoch]), step=epoch)
        logger.save()
        if not self._files(trial):
            self._record.add(trial, epoch=max(new))

    def end(self, trial: str) -> None:
        """Logs the summary, and finalizes the logger of a trial that does not go on by itself."""
        logger, row = self._loggers[trial], self.source.row(trial)
        told = self._summaries.setdefault(trial, dict(self._record.get(trial, "summary", {})))
        summary = self.source.summary(trial).items()
        new = {name: value for name, value in summary if told.get(name) != value}
        if new:
            self._begin_run(trial)
            logger.log_metrics(new, step=row["epochs_run"])
            logger.save()
            told.update(new)
            if not self._files(trial):
                self._record.add(trial, summary=told)
        if (status := STATUS.get(row["state"])) and self._is_open(trial, status):
            self._begin_run(trial)
            logger.finalize(status)
            if not self._files(trial):
                self._record.add(trial, ended=status)

    def close(self) -> None:
        """Finalizes the loggers of trials that may go on."""
        for trial, logger in self._loggers.items():
            if self.source.row(trial)["state"] not in STATUS and trial in self._begun:
                logger.finalize("failed")

    def _last(self, trial: str) -> int:
        """The last epoch that was sent to a server."""
        return int(self._record.get(trial, "epoch", 0))

    def _files(self, trial: str) -> bool:
        """Whether a logger only writes files of its own."""
        return self._loggers[trial].log_dir is not None

    def _is_open(self, trial: str, status: str) -> bool:
        """Whether the run of a trial that has ended may not have been finalized."""
        run = self._key is not None and self._record.get(trial, "run") is not None
        return trial in self._begun or (run and self._record.get(trial, "ended") != status)

    def _make(self, trial: str) -> None:
        """Makes a logger, in an empty folder if it writes files."""
        with IMPORTS[self._class.__module__.rpartition(".")[2]]:  # such as tensorboard
            logger = self._loggers[trial] = self._class(**self._filled(trial))
            if logger.log_dir is not None:
                shutil.rmtree(logger.log_dir, ignore_errors=True)
                self._summaries.pop(trial, None)
                self._begun.add(trial)
                logger.log_hyperparams(self.source.config(trial))

    def _begin_run(self, trial: str) -> None:
        """Opens the run of a trial on its server, once."""
        if trial in self._begun:
            return
        self._begun.add(trial)
        logger, run = self._loggers[trial], self._record.get(trial, "run")
        if self._key is not None and run is not None:
            return  # MLflow refuses other parameters than a run has: a trial may train longer now
        if self._last(trial) and not self._told:
            self._told = True
            self.notices.append(
                f"it cannot go on with a run, so that {trial} and others that ran before have new "
                "ones; their earlier epochs are in those before"
            )
        with IMPORTS[self._class.__module__.rpartition(".")[2]]:
            logger.log_hyperparams(self.source.config(trial))
        self._record.add(trial, run=getattr(logger, KEYS[self._key]) if self._key else None)

    def _filled(self, trial: str) -> dict[str, Any]:
        """Arguments of a trial's logger: those given, and where and under which name it writes."""
        ours = not {"save_dir", "root_dir", "dir"} & self._arguments.keys()
        found = {
            "save_dir": str(self._folder),
            "root_dir": str(self._folder),
            "version": trial if ours else f"{self.source.name}-{trial}",
            **({"name": ""} if ours else {}),  # no folder between
            "experiment_name": self.source.name,
            "run_name": self.source.run_name(trial),
            "tracking_uri": SERVER if self._database is None else database(self._database),
        }
        if self._key is not None:
            found[self._key] = self._record.get(trial, "run")
        return {n: v for n, v in found.items() if n in self._takes} | dict(self._arguments)
