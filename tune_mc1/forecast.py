"""How long trials take: which to start first, and when a sweep will end."""

from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.architectures import ARCHITECTURES, ModelName

Shape = tuple[int, int, int]


def multiply_adds(model: ModelName, image_shape: Shape, classes: int) -> float:
    """Multiply-adds of one image's forward pass through the layers that are trained.

    Args:
        model: Name of the architecture.
        image_shape: Channels, height and width.
        classes: Number of classes.
    """
    channels, height, width = image_shape
    arch = ARCHITECTURES[model]
    total = 0.0
    for conv in arch.convs:
        height, width = (s + 2 * conv.padding - conv.kernel + 1 for s in (height, width))
        total += conv.kernel**2 * channels * conv.channels * height * width
        channels = conv.channels
        if conv.pool:
            height, width = height // 2, width // 2
    features = 2048 if arch.backbone else channels * height * width
    for size in (*arch.hidden, classes):
        total += features * size
        features = size
    return total


def epoch_seconds(config: TrialConfig, images: int, image_shape: Shape, classes: int) -> float:
    """Rough time of an epoch on one core, in seconds: good for ratios, not for promises.

    A step has a fixed cost beside its images'. Constants fitted to an AMD EPYC core.
    """
    if config.overfit_batches:
        images = min(images, config.overfit_batches * config.batch_size)
    work = multiply_adds(config.model, image_shape, classes)
    return images * (SECONDS_PER_IMAGE + work * SECONDS_PER_MAC) + (
        images / config.batch_size * SECONDS_PER_STEP
    )


SECONDS_PER_IMAGE = 4e-5
SECONDS_PER_MAC = 6e-11
SECONDS_PER_STEP = 1e-3


def trial_seconds(config: TrialConfig, images: int, image_shape: Shape, classes: int) -> float:
    """Rough time of a whole trial on one core, in seconds; see `epoch_seconds`."""
    return config.epochs * epoch_seconds(config, images, image_shape, classes)
