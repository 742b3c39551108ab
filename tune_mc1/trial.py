"""One trial from start to result, with or without Ray."""

import logging
from pathlib import Path
from typing import cast

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback, ProgressBar
from torch.utils.data import DataLoader, Dataset

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Validation
from tune_mc1.data.batches import FeatureTensors, ImageTensors, MacroBatches
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import make_split
from tune_mc1.epoch_report import EpochReport, Reporter
from tune_mc1.models.build import Classifier, build_model
from tune_mc1.module import ClassifierModule, Inputs

log = logging.getLogger(__name__)

EVAL_BATCH = 500
"""Images at once where no gradient is needed: small enough for a core's cache."""


def run_trial(
    trial: Trial,
    data: ImageData,
    validation: Validation,
    *,
    metric: str = "val_acc",
    maximize: bool = True,
    checkpoints: Path | None = None,
    report: Reporter,
    threads: int = 1,
    gpu: bool = True,
    callbacks: tuple[Callback, ...] = (),
) -> None:
    """Trains and validates for all epochs, from `last.ckpt` on where there is one.

    The same trial gives the same numbers again on the same machine with the same number of threads,
    alone or in any sweep.

    Args:
        trial: What to run.
        data: The images.
        validation: How the validation images are chosen.
        metric: Metric that decides which checkpoint is best.
        maximize: Whether a higher metric is better.
        checkpoints: Directory of the trial's checkpoints; None writes none.
        report: Called with a row after each epoch (`tune_mc1.results.HISTORY_SCHEMA`).
        threads: Threads on the CPU.
        gpu: Whether a GPU may be used.
        callbacks: More Lightning callbacks, such as a progress bar.

    Raises:
        DivergedError: If a loss is not finite.
        TrialError: If the model cannot be built.
    """
    torch.set_num_threads(threads)
    config = trial.config
    device = pick_device(config, gpu)
    split = make_split(data, validation, trial.fold)
    images = ImageTensors(data.train_images, data.train_labels, device)
    held_out = images
    if split.val_from == "test":
        held_out = ImageTensors(data.test_images, data.test_labels, device)
    batches = MacroBatches(
        split.train, config.batch_size, config.seed, overfit_batches=config.overfit_batches
    )
    model = build_model(config, data.image_shape, len(data.classes)).to(device)
    train, val = inputs_of(model, images, held_out)
    module = ClassifierModule(config, model, train, val, len(data.classes))
    reporter = EpochReport(trial.id, metric, maximize, checkpoints, report)
    trainer = make_trainer(config, device, [*callbacks, reporter])
    last = checkpoints / "last.ckpt" if checkpoints is not None else None
    resume = last if last is not None and last.exists() else None
    log.info("%s on %s, %d threads: %s", trial.id, device, threads, config.model_dump_json())
    trainer.fit(
        module,
        batches,
        eval_batches(torch.from_numpy(split.val)),
        ckpt_path=resume,
        weights_only=True,
    )


def score_test(
    trial: Trial, data: ImageData, checkpoint: Path, *, threads: int = 1, gpu: bool = True
) -> dict[str, float]:
    """Scores a checkpoint on the test images.

    Returns:
        `test_loss` in nats, `test_acc` and `test_f1` in [0, 1].
    """
    torch.set_num_threads(threads)
    device = pick_device(trial.config, gpu)
    images = ImageTensors(data.test_images, data.test_labels, device)
    model = build_model(trial.config, data.image_shape, len(data.classes)).to(device)
    (inputs,) = inputs_of(model, images)
    module = ClassifierModule(trial.config, model, inputs, inputs, len(data.classes))
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    module.load_state_dict(state["state_dict"])
    trainer = make_trainer(trial.config, device, [])
    order = eval_batches(torch.arange(len(data.test_labels)))
    (metrics,) = trainer.test(module, order, verbose=False)
    return dict(metrics)


def inputs_of(model: Classifier, *sources: ImageTensors) -> list[Inputs]:
    """What the trained layers get: images, or a frozen backbone's features, computed only once."""
    if model.backbone is None:
        return list(sources)
    backbone = model.backbone
    made = {id(s): FeatureTensors(s, backbone, EVAL_BATCH) for s in dict.fromkeys(sources)}
    return [made[id(s)] for s in sources]


def eval_batches(indices: torch.Tensor) -> DataLoader[torch.Tensor]:
    """Batches of indices, in order, as Lightning takes them for one validation loader."""
    chunks = torch.split(indices, EVAL_BATCH)
    return DataLoader(cast("Dataset[torch.Tensor]", chunks), batch_size=None)


def pick_device(config: TrialConfig, gpu: bool) -> torch.device:
    """The device of a trial; `cuda` without a GPU goes on on the CPU, and says so in the log."""
    if gpu and config.device != "cpu" and torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if config.device == "cuda":
        log.warning("device: cuda, but there is no GPU for this trial; it runs on the CPU")
    return torch.device("cpu")


def make_trainer(config: TrialConfig, device: torch.device, callbacks: list[Callback]) -> Trainer:
    """A Trainer that only trains: files, logging and progress are ours.

    It is deterministic on a GPU too; on a CPU it is without being told.
    """
    on_gpu = device.type == "cuda"
    return Trainer(
        accelerator="cuda" if on_gpu else "cpu",
        devices=[device.index] if on_gpu else 1,
        max_epochs=config.epochs,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=any(isinstance(c, EpochReport) for c in callbacks),
        enable_progress_bar=any(isinstance(c, ProgressBar) for c in callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        deterministic=True if on_gpu else None,
    )
