"""Forecast of the duration of trials, to order them and to estimate the end of a sweep."""

from tune_mc1.config.layer_sizes import layer_sizes
from tune_mc1.config.trial import TrialConfig

Shape = tuple[int, int, int]


def epoch_seconds(config: TrialConfig, images: int, image_shape: Shape, classes: int) -> float:
    """Rough time of an epoch on one core, in seconds: reliable as a ratio, not in absolute terms.

    A step has a fixed cost in addition to that of its images. The constants were fitted to an AMD
    EPYC core.
    """
    if config.overfit_batches:
        images = min(images, config.overfit_batches * config.batch_size)
    image_shape = config.input_shape(image_shape)
    work = sum(
        layer.multiply_adds for layer in layer_sizes(config.architecture, image_shape, classes)
    )
    return images * (SECONDS_PER_IMAGE + work * SECONDS_PER_MAC) + (
        images / config.batch_size * SECONDS_PER_STEP
    )


SECONDS_PER_IMAGE = 4e-5
SECONDS_PER_MAC = 6e-11
SECONDS_PER_STEP = 1e-3


def trial_seconds(config: TrialConfig, images: int, image_shape: Shape, classes: int) -> float:
    """Rough time of a whole trial on one core, in seconds; see `epoch_seconds`."""
    return config.epochs * epoch_seconds(config, images, image_shape, classes)
