"""Training and test of trials, with or without Ray: a single trial, or a group as one model."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback

from tune_mc1.config.trial import Trial
from tune_mc1.config.validation import Validation
from tune_mc1.data.batches import EvalBatches, FeatureTensors, ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.errors import DivergedError
from tune_mc1.models.build import build_model
from tune_mc1.models.graph_reading import NoFusedForm
from tune_mc1.results.directory import LAST, PARTIAL
from tune_mc1.training.checkpoint_fit import with_backbone
from tune_mc1.training.checkpoints import TrialCheckpoints, last_state, read_checkpoint
from tune_mc1.training.compiled import forget_compiled
from tune_mc1.training.copied_checkpoint import take_copy
from tune_mc1.training.epoch_report import EpochReport, Reporter, diverged_ends, restored_rows
from tune_mc1.training.group import EVAL_BATCH, Group
from tune_mc1.training.inputs import inputs_of
from tune_mc1.training.last_checkpoint import epochs_done, step_back
from tune_mc1.training.lightning_private import BATCHES
from tune_mc1.training.make_module import make_module
from tune_mc1.training.mid_epoch import MidEpoch, Saved
from tune_mc1.training.module import ClassifierModule
from tune_mc1.training.normalize import make_normalize
from tune_mc1.training.partial_checkpoint import Place, fits, place_of
from tune_mc1.training.trainer import free_memory, make_trainer, pick_device
from tune_mc1.training.trial_log import of_trial

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
    chosen: Sequence[str] = (),
    checkpoints: Checkpoints | None = None,
    report: Reporter,
    saved: Saved = lambda _: None,
    shared: Path | None = None,
    threads: int = 1,
    gpu: bool = True,
    callbacks: tuple[Callback, ...] = (),
) -> None:
    """Trains and validates for all epochs, from `last.ckpt` on, or `partial.ckpt` in a long epoch.

    A single trial is a plain model: on the same machine with the same number of threads, its
    numbers are reproducible bit for bit, alone or in any sweep. Several trials are one fused model
    and have the same numbers up to rounding.

    Args:
        trials: The trials; several must be fusible (`tune_mc1.planning.fusion.group_key`).
        data: The images.
        validation: Choice of the validation images.
        metric: Metric that determines the best checkpoint.
        maximize: Whether a higher metric is better.
        chosen: Metrics that the sweep records beside those of every sweep.
        checkpoints: Directories of the trials' checkpoints; None to write none.
        report: Called after each epoch, and for diverged trials.
        saved: Called with the ids of trials that have just written `partial.ckpt`.
        shared: Folder for shared features of a frozen backbone; None to share nothing.
        threads: Number of CPU threads.
        gpu: Whether a GPU may be used.
        callbacks: Additional Lightning callbacks, such as a progress bar.

    Raises:
        TrialError: If the model cannot be built.
    """
    torch.set_num_threads(threads)
    forget_compiled()
    best = (metric, maximize, tuple(chosen))
    files = (checkpoints, report, saved)
    _Training(data, validation, *best, *files, shared, threads, gpu, callbacks).run(trials)


@dataclass(frozen=True)
class _Training:
    """What `run_trials` is given, beside the trials."""

    data: ImageData
    validation: Validation
    metric: str
    maximize: bool
    chosen: Sequence[str]
    checkpoints: Checkpoints | None
    report: Reporter
    saved: Saved
    shared: Path | None
    threads: int
    gpu: bool
    callbacks: tuple[Callback, ...]

    def run(self, trials: Sequence[Trial]) -> None:
        """Trains the trials in groups of those that have completed as many epochs."""
        for done, part in _at_one_epoch(trials, self.checkpoints):
            if self.checkpoints is not None and done >= part[0].config.epochs:
                folders = [self.checkpoints(t.id) for t in part]
                states = [(last_state(folder), folder) for folder in folders]
                self.report([row for one in states for row in restored_rows(*one)])
            else:
                self._run_group(part, done)

    def _run_group(self, part: Sequence[Trial], done: int) -> None:
        """Trains trials as one model, or each alone if their model has no fused form.

        Args:
            part: The trials.
            done: Epochs that all of them have completed.
        """
        device = pick_device(part[0].config, self.gpu)
        place = self._place(part, done)
        macro = None if place is None else place.steps_per_macro
        group = Group(part, self.data, self.validation, device.type == "cuda", macro)
        try:
            module = make_module(group, self.data, device, self.shared, self.chosen)
        except NoFusedForm as error:
            log.warning("%d trials are trained alone: %s", len(part), error)
            for trial in part:
                self.run([trial])
            return
        files = None
        if self.checkpoints is not None:
            folders = [self.checkpoints(t.id) for t in group.trials]
            files = TrialCheckpoints(folders, module.fused)
            if place is not None and not fits(files, module):
                self._run_group(part, done)
                return
        reporter = EpochReport(group, self.metric, self.maximize, files, self.report)
        callbacks = [*self.callbacks, reporter]
        if files is not None and BATCHES.usable():
            module.mid_epoch = MidEpoch(group, reporter, self.saved)
            callbacks.append(module.mid_epoch)
        trainer = make_trainer(group.trials[0].config, device, callbacks, files)
        _log_parameters(group, device, self.threads)
        start = PARTIAL if place is not None else LAST if done else None
        try:
            trainer.fit(module, group.train, group.val, ckpt_path=start, weights_only=True)
        except DivergedError:  # all of them
            self.report([], diverged_ends(group, module))
        finally:
            module.forget_steps()
            if device.type == "cuda":
                free_memory()

    def _place(self, part: Sequence[Trial], done: int) -> Place | None:
        if self.checkpoints is None or not BATCHES.usable():
            return None
        return place_of(part, [self.checkpoints(trial.id) for trial in part], done)


def _log_parameters(group: Group, device: torch.device, threads: int) -> None:
    ids = [trial.id for trial in group.trials]
    for trial in group.trials:
        if others := ", ".join(other for other in ids if other != trial.id):
            log.info("Trained as one model with %s", others, extra=of_trial(trial.id))
        parameters = trial.config.model_dump_json()
        facts = (trial.id, device, threads, parameters)
        log.info("%s on %s, %d threads: %s", *facts, extra=of_trial(trial.id))


def _at_one_epoch(
    trials: Sequence[Trial], checkpoints: Checkpoints | None
) -> Iterable[tuple[int, list[Trial]]]:
    """The trials by completed epochs, as all trials of a group must be at the same epoch.

    If a group was interrupted while saving, some trials are one epoch ahead of the others; they go
    back one epoch, so that the group stays together.
    """
    if checkpoints is None:
        return [(0, list(trials))]
    for trial in trials:
        take_copy(checkpoints(trial.id), trial.copied_after)
    done = {t.id: epochs_done(checkpoints(t.id)) for t in trials}
    least = min(done.values())
    for trial in trials:
        ahead = done[trial.id] == least + 1 and done[trial.id] < trial.config.epochs
        if ahead and step_back(checkpoints(trial.id), least):
            done[trial.id] = least
    behind = sorted(trials, key=lambda t: done[t.id])
    return [(epochs, list(part)) for epochs, part in groupby(behind, key=lambda t: done[t.id])]


def score_test(
    trial: Trial,
    data: ImageData,
    checkpoint: Path,
    *,
    chosen: Sequence[str] = (),
    shared: Path | None = None,
    threads: int = 1,
    gpu: bool = True,
) -> tuple[dict[str, float], dict[str, Any]]:
    """Scores a checkpoint on the test images.

    Args:
        trial: The trial.
        data: The images.
        checkpoint: One of its checkpoints.
        chosen: Metrics that the sweep records beside those of every sweep.
        shared: Folder for a frozen backbone's features, shared by the trials of a sweep.
        threads: Number of CPU threads.
        gpu: Whether a GPU may be used.

    Returns:
        Every metric as `test_{name}`; and NumPy arrays (N,) over the images: `label`, `predicted`,
        and `confidence`, the probability of the predicted class.
    """
    torch.set_num_threads(threads)
    device = pick_device(trial.config, gpu)
    config, classes = trial.config, len(data.classes)
    images = ImageTensors(data.test_images, data.test_labels, device, config.image_size)
    normalize = make_normalize(config, data, device)
    model = build_model(config, data.image_shape, classes).to(device)
    inputs = inputs_of(model, config, {"test": images}, shared, normalize)["test"]
    normalize = None if isinstance(inputs, FeatureTensors) else normalize
    module = ClassifierModule(
        [config], model, inputs, inputs, classes, chosen=chosen, normalize=normalize
    )
    saved = read_checkpoint(checkpoint)["state_dict"]
    module.load_state_dict(with_backbone(saved, module.state_dict()))
    module.averaged = None  # a checkpoint's weights are the averaged ones
    trainer = make_trainer(trial.config, device, [])
    order = EvalBatches([torch.arange(len(data.test_labels))], EVAL_BATCH)
    trainer.test(module, order, verbose=False)
    predicted, confidence = (values.cpu().numpy() for values in module.test_predictions())
    arrays = {"label": data.test_labels, "predicted": predicted, "confidence": confidence}
    return module.test_metrics, arrays
