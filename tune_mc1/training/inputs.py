"""What the trained layers of a network read: images, or features of a frozen backbone."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from tune_mc1.config.fine_tuning_fit import has_features
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.batches import FeatureTensors, ImageTensors, compute_features
from tune_mc1.models.build import Classifier
from tune_mc1.models.features import features_digest, shared_features
from tune_mc1.training.group import EVAL_BATCH
from tune_mc1.training.normalize import Normalize

PROBES = 4
"""Images by whose features a frozen backbone is told from others."""


class Inputs(Protocol):
    """Labelled inputs of a network in memory, accessed by index."""

    def gather(self, indices: Tensor) -> Tensor:
        """Inputs at int64 indices (B,) or (B, lanes), as float (B, ...)."""

    def gather_labels(self, indices: Tensor) -> Tensor:
        """Their labels, int64, in the shape of `indices`."""


def inputs_of(
    model: Classifier,
    config: TrialConfig,
    sources: Mapping[str, ImageTensors],
    shared: Path | None,
    normalize: Normalize | None = None,
) -> dict[str, Inputs]:
    """Inputs of the trained layers: images, or a frozen backbone's features, computed only once.

    Args:
        model: The plain model.
        config: The trial's parameters.
        sources: Images by the name of their split.
        shared: Folder for features that trials share.
        normalize: Normalisation of the images that a backbone gets.
    """
    if model.backbone is None or not has_features(config):
        return dict(sources)
    backbone = model.backbone if normalize is None else nn.Sequential(normalize, model.backbone)
    device = next(iter(sources.values())).labels.device.type
    weights = "imagenet" if config.pretrained else f"seed{config.seed}"
    if config.architecture.backbone is None:
        images = next(iter(sources.values()))
        few = torch.arange(min(PROBES, len(images)), device=images.labels.device)
        with torch.no_grad():
            weights = features_digest(backbone(images.gather(few)))
    if config.image_size is not None or normalize is not None:
        weights += f"-{config.image_size}-{config.normalize}"
    name = config.model.replace(":", "-").replace("/", "-")
    made: dict[str, Inputs] = {}
    for split, images in sources.items():
        compute = partial(compute_features, images, backbone, EVAL_BATCH)
        features = shared_features(shared, f"{name}-{weights}-{split}-{device}", compute)
        made[split] = FeatureTensors(features.to(images.labels.device), images.labels)
    return made
