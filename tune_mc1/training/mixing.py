"""Mixup and CutMix: images of a batch mixed with others of it, and their labels with theirs."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from tune_mc1.config.trial import TrialConfig
from tune_mc1.seeding import derive_seed


def mix_batch(
    config: TrialConfig, images: Tensor, labels: Tensor, step: int, classes: int
) -> tuple[Tensor, Tensor]:
    """Mixes each image of a batch with a partner, all by the same share.

    With `mixup_alpha`, the images are averaged (Zhang et al. 2017, arXiv 1710.09412); with
    `cutmix_alpha`, a rectangle of the partner is pasted (Yun et al. 2019, arXiv 1905.04899). With
    both, each batch draws one of them, as in timm. Partners, shares and places depend on the
    trial's seed and the optimiser step.

    Args:
        config: The trial's parameters.
        images: float (n, channels, height, width); is not changed.
        labels: int64 (n,); becomes the label of the larger part of each mixed image.
        step: The optimiser step, from 0.
        classes: Number of classes.

    Returns:
        The mixed images, and probabilities of the classes, float32 (n, classes). Without mixing,
        the images and labels as they are.
    """
    alphas = {"mixup": config.mixup_alpha, "cutmix": config.cutmix_alpha}
    kinds = [kind for kind, alpha in alphas.items() if alpha > 0]
    if not kinds:
        return images, labels
    generator = np.random.Generator(np.random.PCG64(derive_seed(config.seed, "mix", step)))
    kind = kinds[int(generator.integers(len(kinds)))]
    partner = torch.from_numpy(generator.permutation(len(images))).to(images.device)
    own = float(generator.beta(alphas[kind], alphas[kind]))
    if kind == "mixup":
        mixed = torch.lerp(images[partner], images, own)
    else:
        mixed, own = _paste(images, images[partner], own, generator.random(2).tolist())
    first = one_hot(labels, classes).float()
    targets = own * first + (1 - own) * first[partner]
    if own < 0.5:
        labels.copy_(labels[partner])
    return mixed, targets


def _paste(
    images: Tensor, partners: Tensor, own: float, centre: Sequence[float]
) -> tuple[Tensor, float]:
    """Pastes a rectangle of the images' shape around a random pixel, cut off at the edges.

    Returns:
        The images, and the share of their area that is their own.
    """
    edges = []
    for size, middle in zip(images.shape[2:], centre, strict=True):
        half, pixel = int(size * (1 - own) ** 0.5) // 2, int(middle * size)
        edges.append(slice(max(0, pixel - half), min(size, pixel + half)))
    mixed = images.clone()
    rows, columns = edges
    mixed[:, :, rows, columns] = partners[:, :, rows, columns]
    pasted = (rows.stop - rows.start) * (columns.stop - columns.start)
    return mixed, 1 - pasted / images[0, 0].numel()
