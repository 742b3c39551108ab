"""One attempt at a trial: the user's module in Lightning's own `Trainer.fit`."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import LightningDataModule, LightningModule, Trainer, seed_everything

from tune_mc1.config.program_sweep import SEED
from tune_mc1.config.user_code import failed_line, reason_of
from tune_mc1.errors import DISK_FULL, DivergedError, StorageError, TrialError
from tune_mc1.modules.arguments import ArgumentError, Arguments, Made
from tune_mc1.modules.callbacks import SavedTrialEpochs, TakeUp, TrialEpochs
from tune_mc1.modules.checkpoints import Report, check_data_only, last_sound, noticing
from tune_mc1.modules.classes import ClassError, import_classes, name_of
from tune_mc1.modules.hyperparameters import PlainHyperparameters, described
from tune_mc1.modules.mistakes import is_refused, would_repeat
from tune_mc1.modules.progress import Progress
from tune_mc1.modules.ranks import Rank
from tune_mc1.modules.routes import RouteError
from tune_mc1.modules.trainer import make_trainer, with_save_dirs
from tune_mc1.training.compiled import forget_compiled


@dataclass(frozen=True)
class ModuleTrial:
    """What one attempt at a trial is made of.

    Attributes:
        module: The LightningModule, `package.module:Name`.
        datamodule: The LightningDataModule; None if there is none.
        trainer: The sweep file's `trainer`.
        values: Parameters by name, dotted in nested groups.
        folder: The trial's own directory.
        checkpoints: Its directory of checkpoints.
        metric: The sweep's metric; empty if it has none.
        maximize: Whether a higher metric is better.
        threads: CPU threads of each worker.
        gpu: Whether each worker has a GPU.
        trust: Whether checkpoints may hold more than data.
        rank: Place of this process among those of the trial; None if it is alone.
    """

    module: str
    datamodule: str | None
    trainer: Mapping[str, Any]
    values: Mapping[str, Any]
    folder: Path
    checkpoints: Path
    metric: str = ""
    maximize: bool = False
    threads: int = 1
    gpu: bool = False
    trust: bool = False
    rank: Rank | None = None


@dataclass(frozen=True)
class FitOutcome:
    """How an attempt ended.

    Attributes:
        state: `completed`, `stopped`, `diverged` or `failed`.
        error: Why it diverged or failed, one line.
        epoch: Row in which it diverged.
        last: Scalars that were logged after the last row.
    """

    state: str
    error: str | None = None
    epoch: int | None = None
    last: dict[str, float] = field(default_factory=dict)


class SweepError(Exception):
    """A problem of all trials, which ends the sweep; the text is one line."""


def fit(trial: ModuleTrial, report: Report | None) -> FitOutcome:
    """Trains a trial from its last checkpoint to its end.

    Args:
        trial: The trial.
        report: Takes each row; None in all processes of the trial but the first.

    Raises:
        TrialError: If it failed, and another attempt might not.
        SweepError: If the checkpoint does not fit the module any more.
        StorageError: If its files cannot be written.
    """
    for folder in (trial.folder, trial.checkpoints):
        folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(trial.threads)
    forget_compiled()
    seed_everything(seed_of(trial.values), workers=True, verbose=False)
    if report is not None and not trial.trust:
        report = noticing(report, trial.checkpoints)
    try:
        made = made_of(trial)
        checkpoint = last_sound(trial.checkpoints)
        if checkpoint is not None and not trial.trust:
            check_data_only(checkpoint)
        epochs, trainer = _trainer(trial, made, report)
    except (ArgumentError, RouteError, ClassError, TrialError) as error:
        return FitOutcome("failed", str(error))
    return _Run(trial, made, trainer, epochs, checkpoint).end()


def seed_of(values: Mapping[str, Any]) -> int:
    """The trial's seed: the value of its parameter `seed`, or 0."""
    seed = values.get(SEED)
    return seed if isinstance(seed, int) else 0


def made_of(trial: ModuleTrial) -> Made:
    """The trial's objects.

    Raises:
        TrialError: If a constructor raises.
    """
    arguments = _arguments(trial.module, trial.datamodule, _Trainer(trial.trainer))
    parsed = arguments.parse(trial.values, with_save_dirs(trial.trainer, trial.folder))
    try:
        made = arguments.make(parsed)
    except Exception as error:
        traceback.print_exc()
        raise TrialError(reason_of(error)) from None
    for one, kind in ((made.module, LightningModule), (made.datamodule, LightningDataModule)):
        if one is not None and not isinstance(one, kind):
            raise TrialError(f"must be a {kind.__name__}, got {type(one).__name__}")
    return made


class _Trainer(dict[str, Any]):
    """The sweep file's `trainer`, which is the same for all trials of a sweep."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))


@lru_cache(maxsize=1)
def _arguments(module: str, datamodule: str | None, trainer: _Trainer) -> Arguments:
    """The parser, made once for all trials of a process."""
    return Arguments(import_classes(module, datamodule), trainer)


def _trainer(trial: ModuleTrial, made: Made, report: Report | None) -> tuple[TrialEpochs, Trainer]:
    """The callback that follows the trial, and its trainer.

    Raises:
        TrialError: If Lightning refuses the arguments.
    """
    arguments = dict(made.trainer)
    save = arguments.pop("enable_checkpointing", None) is not False
    first = TakeUp()
    kind = SavedTrialEpochs if save else TrialEpochs
    progress = Progress(trial.metric, trial.maximize)
    last = kind(progress, first, trial.checkpoints, report, save=save)
    arguments["enable_checkpointing"] = None if save else False
    try:
        return last, make_trainer(
            arguments,
            [first, PlainHyperparameters(described(made.given)), last],
            trial.folder,
            gpu=trial.gpu,
            rank=trial.rank,
        )
    except (MisconfigurationException, TypeError, ValueError) as error:
        raise TrialError(f"trainer: {' '.join(str(error).split())}") from None


@dataclass
class _Run:
    trial: ModuleTrial
    made: Made
    trainer: Trainer
    epochs: TrialEpochs
    checkpoint: Path | None

    def end(self) -> FitOutcome:
        try:
            self.trainer.fit(
                self.made.module,
                datamodule=self.made.datamodule,
                ckpt_path=self.checkpoint,
                weights_only=not self.trial.trust,
            )
        except DivergedError as error:
            return FitOutcome("diverged", str(error), error.epoch)
        except TrialError as error:
            return FitOutcome("failed", str(error))
        except Exception as error:
            raised = self._raised(error)
            if isinstance(raised, TrialError) and would_repeat(error, stepped=self.epochs.stepped):
                traceback.print_exc()
                return FitOutcome("failed", str(raised))
            raise raised from error
        self.epochs.tell_again(self.trainer)
        return self._outcome()

    def _outcome(self) -> FitOutcome:
        if self.epochs.stopped:
            return FitOutcome("stopped")
        last, progress = self.epochs.logged(self.trainer), self.epochs.progress
        if self.trial.metric and not progress.number:
            progress.names.update(last)
            return FitOutcome("failed", progress.missing())
        if self.trial.metric and progress.best is None:
            reason = f"{self.trial.metric} was not finite in any of {progress.number} validations"
            return FitOutcome("failed", reason)
        return FitOutcome("completed", last=last)

    def _raised(self, error: Exception) -> Exception:
        """What an exception of `Trainer.fit` means for the trial or the sweep."""
        text = " ".join(str(error).split())
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            return StorageError.of(error.filename or self.trial.checkpoints, error)
        frames = traceback.extract_tb(error.__traceback__)
        restoring = any(frame.name.startswith("restore_") for frame in frames)
        if self.checkpoint is not None and restoring and not self.epochs.began:
            name = name_of(type(self.made.module))
            return SweepError(
                f"{self.checkpoint}: does not fit {name} any more: {text[:300]}; undo the change "
                "of its file, or start a new sweep"
            )
        kind = "" if is_refused(error) else f"{type(error).__name__}: "
        return TrialError(f"{kind}{text}{failed_line(error)}")
