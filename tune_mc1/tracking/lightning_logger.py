"""Any logger of Lightning as a tracker, by its class path: one logger per trial."""

import inspect
import json
import shutil
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tune_mc1.config.logger_class import LoggerClass
from tune_mc1.errors import InputError
from tune_mc1.results.journal import read_records
from tune_mc1.tracking.mlflow import SERVER, database
from tune_mc1.tracking.run_tracker import launcher
from tune_mc1.tracking.tracker import Launch
from tune_mc1.tracking.trial_runs import IMPORTS, Scalars, Source, TrialRuns

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from tune_mc1.results.directory import ResultDir

FOLDER = "loggers"
"""Folder of a result directory below which loggers write, unless they say otherwise."""

OWN = ("version", "run_id")
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
    epochs that were sent are not sent again: `loggers/<class>.jsonl` records them.

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
        self._record = self._folder.with_suffix(".jsonl")
        self._loggers: dict[str, Logger] = {}
        self._sent: dict[str, dict[str, Any]] = {}
        self._summaries: dict[str, dict[str, float]] = {}

    def begin(self) -> None:
        """Reads what was sent before."""
        self._folder.parent.mkdir(exist_ok=True)
        for record, _ in read_records(self._record):
            self._sent.setdefault(record["trial"], {}).update(record)

    def open(self, trial: str) -> Mapping[int, Scalars]:
        """Makes the logger of a trial."""
        self._make(trial)
        if self._files(trial):
            return {}
        last = self._sent.get(trial, {}).get("epoch", 0)
        history = self.source.tables.history
        epochs = (epoch for epoch in range(1, last + 1) if (trial, epoch) in history)
        return {epoch: self.source.scalars(trial, epoch) for epoch in epochs}

    def restart(self, trial: str) -> None:
        """Begins the files of a trial anew; what was sent to a server stays."""
        if self._files(trial):
            self._loggers[trial].finalize("failed")
            self._make(trial)

    def log(self, trial: str, rows: Mapping[int, Scalars]) -> None:
        """Logs the metrics of epochs, with step = epoch."""
        logger, sent = self._loggers[trial], self._sent.get(trial, {}).get("epoch", 0)
        new = [epoch for epoch in rows if self._files(trial) or epoch > sent]
        for epoch in new:
            logger.log_metrics(dict(rows[epoch]), step=epoch)
        logger.save()
        if new and not self._files(trial):
            self._note(trial, epoch=max(new))

    def end(self, trial: str) -> None:
        """Logs the summary, and finalizes the logger of a trial that does not go on by itself."""
        logger, row = self._loggers[trial], self.source.row(trial)
        told = self._summaries.setdefault(trial, dict(self._sent.get(trial, {}).get("summary", {})))
        summary = self.source.summary(trial).items()
        new = {name: value for name, value in summary if told.get(name) != value}
        if new:
            logger.log_metrics(new, step=row["epochs_run"])
            logger.save()
            told.update(new)
            if not self._files(trial):
                self._note(trial, summary=told)
        if row["state"] in STATUS:
            logger.finalize(STATUS[row["state"]])

    def close(self) -> None:
        """Finalizes the loggers of trials that may go on."""
        for trial, logger in self._loggers.items():
            if self.source.row(trial)["state"] not in STATUS:
                logger.finalize("failed")

    def _files(self, trial: str) -> bool:
        """Whether a logger only writes files of its own."""
        return self._loggers[trial].log_dir is not None

    def _make(self, trial: str) -> None:
        """Makes a logger, in an empty folder if it writes files."""
        with IMPORTS[self._class.__module__.rpartition(".")[2]]:  # such as tensorboard
            logger = self._loggers[trial] = self._class(**self._filled(trial))
            if logger.log_dir is not None:
                shutil.rmtree(logger.log_dir, ignore_errors=True)
                self._summaries.pop(trial, None)
            if "run_id" not in self._takes or not self._sent.get(trial, {}).get("run_id"):
                # MLflow refuses other values than a run has, as of a trial that trains longer now
                logger.log_hyperparams(self.source.config(trial))
        if logger.log_dir is None:
            run = {"run_id": logger.run_id} if hasattr(logger, "run_id") else {}
            self._note(trial, **run)

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
            "run_id": self._sent.get(trial, {}).get("run_id"),
            "tracking_uri": SERVER or database(self._folder.with_suffix(".db")),
        }
        return {n: v for n, v in found.items() if n in self._takes} | dict(self._arguments)

    def _note(self, trial: str, **what: Any) -> None:
        """Records what was sent."""
        self._sent.setdefault(trial, {}).update(what)
        with self._record.open("a") as file:
            file.write(json.dumps({"trial": trial, **what}) + "\n")
