"""Device, Lightning Trainer and memory of a trial."""

import gc
import logging
from typing import Literal

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback, ProgressBar

from tune_mc1.config.run_fit import HALF_ON_CPU
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import TrialError
from tune_mc1.training.checkpoints import TrialCheckpoints
from tune_mc1.training.epoch_report import EpochReport
from tune_mc1.training.lightning_private import hide_noise

log = logging.getLogger(__name__)


def pick_device(config: TrialConfig, gpu: bool) -> torch.device:
    """The device of a trial; `cuda` without a GPU falls back to the CPU, with a log message.

    Raises:
        TrialError: If its precision needs a GPU.
    """
    if gpu and config.device != "cpu" and torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if config.precision == "16-mixed":
        raise TrialError(f"precision: {HALF_ON_CPU}")
    if config.device == "cuda":
        log.warning("device: cuda, but there is no GPU for this trial; it runs on the CPU")
    return torch.device("cpu")


def make_trainer(
    config: TrialConfig,
    device: torch.device,
    callbacks: list[Callback],
    files: TrialCheckpoints | None = None,
) -> Trainer:
    """A Trainer that only trains: files, logging and progress are our own.

    It is deterministic on a GPU too, where matrix products use TF32; on a CPU it always is. A
    network from outside may have an operation without a deterministic form on a GPU, such as the
    backward pass of `AdaptiveAvgPool2d`: PyTorch warns of it, and its numbers vary.
    """
    hide_noise()
    on_gpu = device.type == "cuda"
    deterministic: bool | Literal["warn"] = True if config.architecture.declared else "warn"
    if on_gpu:
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
        # Deterministic mode would otherwise fill all new memory, with one more kernel per tensor.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return Trainer(
        accelerator="cuda" if on_gpu else "cpu",
        devices=[device.index] if on_gpu else 1,
        precision="32-true" if config.precision == "32" else config.precision,
        max_epochs=config.epochs,
        callbacks=callbacks,
        plugins=[files] if files is not None else None,
        logger=False,
        enable_checkpointing=any(isinstance(c, EpochReport) for c in callbacks),
        enable_progress_bar=any(isinstance(c, ProgressBar) for c in callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        deterministic=deterministic if on_gpu else None,
    )


def is_out_of_memory(error: BaseException) -> bool:
    """True if an error means lack of memory, on a GPU or (by PyTorch's message) on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "t allocate memory" in str(error)


def free_memory() -> None:
    """Frees the memory of a failed group."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
