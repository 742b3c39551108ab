"""Sweep of a user's own LightningModule, trained in the processes of Ray."""

from typing import Any, ClassVar

from pydantic import Field, field_validator

from tune_mc1.config.field_types import Int
from tune_mc1.config.program_sweep import TRAINING_ONLY, ProgramSweep
from tune_mc1.config.resources import Resources
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.user_code import FORM, is_user_code

WANDB_LOGGER = "WandbLogger"
MAX_EPOCHS = "max_epochs"


class ModuleResources(Resources):
    """Resources that Ray reserves for each worker of a trial.

    Attributes:
        workers: Processes that train a trial together, by distributed data parallel (DDP).
    """

    workers: Int = Field(default=1, ge=1, le=1024)


class ModuleSweep(ProgramSweep):
    """A validated sweep file whose trials train a LightningModule.

    As with a program, parameters and metric have any name. Parameters are arguments of the module,
    the data module or the trainer; their names and types are checked against these classes
    (`tune_mc1.modules`).

    Attributes:
        module: The LightningModule, `package.module:Name`.
        datamodule: The LightningDataModule; None if the module has its own data.
        trainer: Arguments of Lightning's Trainer, in the form of LightningCLI.
    """

    kind: ClassVar[str] = "module"
    repeats: ClassVar[bool] = False
    unused: ClassVar[tuple[str, ...]] = (
        *(name for name in TRAINING_ONLY if name != "import_from"),
        *("program", "command"),
    )

    module: str
    datamodule: str | None = None
    trainer: dict[str, Any] = Field(default_factory=dict)
    resources: ModuleResources | None = None

    @field_validator("module", "datamodule")
    @classmethod
    def _named(cls, name: str | None) -> str | None:
        if name is not None and not is_user_code(name):
            raise ValueError(f"must be {FORM}")
        return name

    @property
    def longest_epochs(self) -> int:
        """Maximum number of validations, where the file says it."""
        name = f"trainer.{MAX_EPOCHS}"
        values = (
            self.values_of(name) or []
            if name in self.parameters
            else [self.trainer.get(MAX_EPOCHS)]
        )
        known = values and all(type(value) is int and value > 0 for value in values)
        if known and "val_check_interval" not in self.trainer:
            return int(max(values))
        return super().longest_epochs

    @property
    def has_wandb_logger(self) -> bool:
        """Whether the trainer logs to W&B by a logger of the file."""
        logger = self.trainer.get("logger")
        loggers = logger if isinstance(logger, list) else [logger]
        paths = [one.get("class_path") if isinstance(one, dict) else one for one in loggers]
        return any(str(path).rpartition(".")[2] == WANDB_LOGGER for path in paths)


def workers_of(sweep: Sweep) -> int:
    """Number of processes that train a trial of a sweep."""
    return sweep.resources.workers if isinstance(sweep.resources, ModuleResources) else 1
