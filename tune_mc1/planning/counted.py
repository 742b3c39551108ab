"""Images of a sweep as far as a forecast needs them: counted, or those that are usual."""

from dataclasses import dataclass

from tune_mc1.config.image_files import ImageFiles
from tune_mc1.data.source import Source, find_source


@dataclass(frozen=True)
class Counted:
    """Images of a data set.

    Attributes:
        train: Number of images that train a trial.
        shape: Channels, height and width.
        classes: Number of classes.
    """

    train: int
    shape: tuple[int, int, int]
    classes: int


def usual(data: str | ImageFiles, part: float) -> Counted:
    """What is usual for a data set that has not been looked at.

    Args:
        data: What stands in `data:`.
        part: Fraction of the images to use.
    """
    source = find_source(data) or Source
    images = round(source.usual_images * part)
    return Counted(images, source.usual_shape, source.usual_classes)
