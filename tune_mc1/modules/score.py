"""The winner of a module's sweep on the user's own test images: Lightning's `Trainer.test`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule, seed_everything
from lightning.pytorch.core.hooks import DataHooks

from tune_mc1.errors import TrialError
from tune_mc1.modules.arguments import Made
from tune_mc1.modules.checkpoints import check_data_only
from tune_mc1.modules.fit import made_of, seed_of
from tune_mc1.modules.progress import logged_scalars
from tune_mc1.modules.trainer import make_trainer

if TYPE_CHECKING:
    from tune_mc1.modules.fit import ModuleTrial


def score(trial: "ModuleTrial", checkpoint: Path) -> dict[str, float]:
    """Tests a trial's checkpoint as the user's module says, in one process and without loggers.

    Args:
        trial: The trial.
        checkpoint: Its checkpoint.

    Returns:
        What the module has logged, by name; empty if it has no `test_step`, or if neither it nor
        its data module has a `test_dataloader`.

    Raises:
        TrialError: If the checkpoint holds more than data, or the objects cannot be made.
        ArgumentError: If the values do not fit the classes any more.
        Exception: Whatever the user's code raises.
    """
    torch.set_num_threads(trial.threads)
    seed_everything(seed_of(trial.values), workers=True, verbose=False)
    made = made_of(trial)
    if not _has_test(made):
        return {}
    if not checkpoint.exists():
        raise TrialError("it has no checkpoint")
    if not trial.trust:
        check_data_only(checkpoint)
    arguments: dict[str, Any] = dict(made.trainer)
    arguments |= {"logger": False, "enable_checkpointing": False, "strategy": "auto"}
    arguments["callbacks"] = None  # those of the sweep file are for training
    trainer = make_trainer(arguments, [], trial.folder, gpu=trial.gpu)
    trainer.test(
        made.module,
        datamodule=made.datamodule,
        ckpt_path=checkpoint,
        weights_only=not trial.trust,
        verbose=False,
    )
    return logged_scalars(trainer)


def _has_test(made: Made) -> bool:
    sources = [made.module] if made.datamodule is None else [made.module, made.datamodule]
    has_data = any(type(s).test_dataloader is not DataHooks.test_dataloader for s in sources)
    return has_data and type(made.module).test_step is not LightningModule.test_step
