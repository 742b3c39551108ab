"""Trials from start to result, with or without Ray: one alone, or a group as one model."""

import gc
import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback, ProgressBar

from tune_mc1.checkpoints import LAST, TrialCheckpoints, epochs_done, read_checkpoint
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Validation
from tune_mc1.data.batches import EvalBatches, FeatureTensors, ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.epoch_report import EpochReport, Reporter, diverged_ends
from tune_mc1.errors import DivergedError
from tune_mc1.group import EVAL_BATCH, Group
from tune_mc1.models.build import Classifier, build_model
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.module import ClassifierModule, Inputs

log = logging.getLogger(__name__)

Checkpoints = Callable[[str], Path]
"""Directory of a trial's checkpoints, by its id."""


def run_trials(
    trials: Sequence[Trial],
    data: ImageData,
    validation: Validation,
    *,
    metric: str = "val_acc",
    maximize: bool = True,
    checkpoints: Checkpoints | None = None,
    report: Reporter,
    threads: int = 1,
    gpu: bool = True,
    callbacks: tuple[Callback, ...] = (),
) -> None:
    """Trains and validates for all epochs, from `last.ckpt` on where there is one.

    A single trial is a plain model: it gives the same numbers again on the same machine with the
    same number of threads, bit for bit, alone or in any sweep. Several are one fused model and give
    the same numbers but for rounding.

    Args:
        trials: What to run; several must fit together (`tune_mc1.fusion.group_key`).
        data: The images.
        validation: How the validation images are chosen.
        metric: Metric that decides which checkpoint is best.
        maximize: Whether a higher metric is better.
        checkpoints: Where each trial's go; None writes none.
        report: Called after each epoch, and for trials that diverge.
        threads: Threads on the CPU.
        gpu: Whether a GPU may be used.
        callbacks: More Lightning callbacks, such as a progress bar.

    Raises:
        TrialError: If the model cannot be built.
    """
    torch.set_num_threads(threads)
    for part in _at_one_epoch(trials, checkpoints):
        group = Group(part, data, validation)
        device = pick_device(group.trials[0].config, gpu)
        module = make_module(group, data, device)
        files = None
        if checkpoints is not None:
            files = TrialCheckpoints([checkpoints(t.id) for t in group.trials], module.fused)
        reporter = EpochReport(group, metric, maximize, files, report)
        trainer = make_trainer(group.trials[0].config, device, [*callbacks, reporter], files)
        resume = files is not None and (files.directories[0] / LAST).exists()
        for trial in group.trials:
            setting = trial.config.model_dump_json()
            log.info("%s on %s, %d threads: %s", trial.id, device, threads, setting)
        try:
            trainer.fit(
                module,
                group.train,
                group.val,
                ckpt_path=LAST if resume else None,
                weights_only=True,
            )
        except DivergedError:  # all of them
            report([], diverged_ends(group, module))


def _at_one_epoch(
    trials: Sequence[Trial], checkpoints: Checkpoints | None
) -> Iterable[list[Trial]]:
    """The trials by the epoch that they go on from: a group is in step."""
    if checkpoints is None:
        return [list(trials)]
    done = {t.id: epochs_done(checkpoints(t.id)) for t in trials}
    behind = sorted(trials, key=lambda t: done[t.id])
    return [list(part) for _, part in groupby(behind, key=lambda t: done[t.id])]


def make_module(group: Group, data: ImageData, device: torch.device) -> ClassifierModule:
    """The model of a group, with the images that it reads.

    Raises:
        TrialError: If a model cannot be built.
    """
    configs = [trial.config for trial in group.trials]
    shape, classes = data.image_shape, len(data.classes)
    images = ImageTensors(data.train_images, data.train_labels, device)
    held_out = images
    if group.val_from == "test":
        held_out = ImageTensors(data.test_images, data.test_labels, device)
    if len(configs) == 1:
        model = build_model(configs[0], shape, classes).to(device)
        train, val = inputs_of(model, images, held_out)
        return ClassifierModule(configs, model, train, val, classes)
    built = (build_model(config, shape, classes) for config in configs)
    fused = FusedClassifier(built, len(configs), shape[0]).to(device)
    return ClassifierModule(configs, fused, images, held_out, classes)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was not enough, on a GPU or, as PyTorch words it, on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "t allocate memory" in str(error)


def free_memory() -> None:
    """Gives back what a broken-off group held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


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
    module = ClassifierModule([trial.config], model, inputs, inputs, len(data.classes))
    module.load_state_dict(read_checkpoint(checkpoint)["state_dict"])
    trainer = make_trainer(trial.config, device, [])
    order = EvalBatches([torch.arange(len(data.test_labels))], EVAL_BATCH)
    (metrics,) = trainer.test(module, order, verbose=False)
    return dict(metrics)


def inputs_of(model: Classifier, *sources: ImageTensors) -> list[Inputs]:
    """What the trained layers get: images, or a frozen backbone's features, computed only once."""
    if model.backbone is None:
        return list(sources)
    backbone = model.backbone
    made = {id(s): FeatureTensors(s, backbone, EVAL_BATCH) for s in dict.fromkeys(sources)}
    return [made[id(s)] for s in sources]


def pick_device(config: TrialConfig, gpu: bool) -> torch.device:
    """The device of a trial; `cuda` without a GPU goes on on the CPU, and says so in the log."""
    if gpu and config.device != "cpu" and torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if config.device == "cuda":
        log.warning("device: cuda, but there is no GPU for this trial; it runs on the CPU")
    return torch.device("cpu")


def make_trainer(
    config: TrialConfig,
    device: torch.device,
    callbacks: list[Callback],
    files: TrialCheckpoints | None = None,
) -> Trainer:
    """A Trainer that only trains: files, logging and progress are ours.

    It is deterministic on a GPU too; on a CPU it is without being told.
    """
    on_gpu = device.type == "cuda"
    return Trainer(
        accelerator="cuda" if on_gpu else "cpu",
        devices=[device.index] if on_gpu else 1,
        precision="bf16-mixed" if config.precision == "bf16-mixed" else "32-true",
        max_epochs=config.epochs,
        callbacks=callbacks,
        plugins=[files] if files is not None else None,
        logger=False,
        enable_checkpointing=any(isinstance(c, EpochReport) for c in callbacks),
        enable_progress_bar=any(isinstance(c, ProgressBar) for c in callbacks),
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        deterministic=True if on_gpu else None,
    )
