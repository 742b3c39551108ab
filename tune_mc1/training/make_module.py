"""The LightningModule of a trial or group, with its network and inputs."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from tune_mc1.config.trial import Trial
from tune_mc1.data.batches import FeatureTensors, ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.models.build import Classifier, build_model
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.models.fused_own import fuse_models
from tune_mc1.models.whitening import WHITENED, whiten
from tune_mc1.training.group import Group
from tune_mc1.training.inputs import Inputs, inputs_of
from tune_mc1.training.learning_rates import check_warmup
from tune_mc1.training.losses import class_weights
from tune_mc1.training.model_facts import model_facts
from tune_mc1.training.module import ClassifierModule
from tune_mc1.training.normalize import Normalize, make_normalize
from tune_mc1.training.recordable import why_not_recorded


def make_module(
    group: Group,
    data: ImageData,
    device: torch.device,
    shared: Path | None = None,
    chosen: Sequence[str] = (),
) -> ClassifierModule:
    """The LightningModule of a group, with its inputs.

    Args:
        group: The trials.
        data: The images.
        device: The device for training.
        shared: Folder for a frozen backbone's features, shared by the trials of a sweep.
        chosen: Metrics that the sweep records beside those of every sweep.

    Raises:
        TrialError: If a model cannot be built.
        NoFusedForm: If networks that are not declared cannot be trained as one.
    """
    configs = [trial.config for trial in group.trials]
    check_warmup(configs, group.total_steps)
    shape, classes = data.image_shape, len(data.classes)
    size, normalize = configs[0].image_size, make_normalize(configs[0], data, device)
    sources: dict[str, ImageTensors] = {}
    for split in dict.fromkeys(("train", group.val_from)):
        sources[split] = ImageTensors(*data.splits[split], device, size)
    model: Classifier | FusedClassifier
    read: dict[str, Inputs]
    built = (
        _with_statistics(
            build_model(trial.config, shape, classes), trial, group, sources["train"], normalize
        )
        for trial in group.trials
    )
    if len(configs) == 1:
        model = next(built).to(device)
        whole = "latency_ms" in chosen  # of the network, not of its last layers alone
        read = dict(sources) if whole else inputs_of(model, configs[0], sources, shared, normalize)
    else:
        seen = configs[0].input_shape(shape)
        fused = fuse_models(built, len(configs), seen, gpu=device.type == "cuda")
        model, read = fused.to(device), dict(sources)
    train, val = read["train"], read[group.val_from]
    normalize = None if isinstance(train, FeatureTensors) else normalize
    labels = (group.train_labels(trial, data.train_labels) for trial in group.trials)
    weights = class_weights(configs, labels, classes, device)
    steps = group.total_steps
    module = ClassifierModule(
        configs, model, train, val, classes, steps, weights, chosen, normalize
    )
    module.facts = [model_facts(config, data) for config in configs]
    if device.type == "cuda":
        module.unrecorded = why_not_recorded(configs[0], model, configs[0].input_shape(shape))
    return module


def _with_statistics(
    model: Classifier,
    trial: Trial,
    group: Group,
    images: ImageTensors,
    normalize: Normalize | None,
) -> Classifier:
    """Sets the weights that the training images determine, if the network has any."""
    if trial.config.architecture.whitened:
        (first, *_) = model.layers
        assert isinstance(first, nn.Conv2d)
        seen = images.gather(group.first_images(trial, WHITENED).to(images.labels.device))
        whiten(first, seen if normalize is None else normalize(seen))
    return model
