"""What a checkpoint says of its network, so that it can be loaded without anything else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_mc1 import __version__
from tune_mc1.config.recipe.inputs import HALF, MEANS
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.images import ImageData

FACTS = "tune_mc1"
"""Key of a checkpoint for the facts of its trial; for a group, of each."""


@dataclass(frozen=True)
class ModelFacts:
    """What is needed to build the network of a trial, and to give it images.

    Attributes:
        config: Parameters of the trial.
        classes: Names of the classes, in the order of the outputs.
        image_shape: Channels, height and width of the images in the data set. They are brought to
            `config.image_size`, if that is set.
        mean: What is subtracted from each channel, on a scale from 0 to 1.
        std: What divides it then.
    """

    config: TrialConfig
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images that the network gets."""
        return self.config.input_shape(self.image_shape)

    def record(self) -> dict[str, Any]:
        """The facts as plain data, for a checkpoint."""
        return {
            "version": __version__,
            "config": self.config.model_dump(mode="json"),
            "classes": list(self.classes),
            "image_shape": list(self.image_shape),
            "mean": list(self.mean),
            "std": list(self.std),
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "ModelFacts":
        """The facts of a record.

        Raises:
            ValueError: If this version does not know a part or parameter of the trial.
        """
        return cls(
            TrialConfig.model_validate(record["config"]),
            tuple(record["classes"]),
            tuple(record["image_shape"]),
            tuple(record["mean"]),
            tuple(record["std"]),
        )


def model_facts(config: TrialConfig, data: ImageData) -> ModelFacts:
    """The facts of a trial on a data set.

    Args:
        config: The trial's parameters.
        data: The images, with statistics if the trial needs them.
    """
    mean, std = normalization(config, data.image_shape[0], data.statistics)
    return ModelFacts(config, data.classes, data.image_shape, mean, std)


def normalization(
    config: TrialConfig,
    channels: int,
    statistics: tuple[Sequence[float], Sequence[float]] | None = None,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation by which a trial normalises each channel, from 0 to 1.

    Args:
        config: The trial's parameters.
        channels: Number of channels.
        statistics: Those of the training images, for `normalize: dataset`.

    Raises:
        ValueError: If they are needed and not given.
    """
    if config.normalize == HALF:
        return (0.5,) * channels, (0.5,) * channels
    found = MEANS.get(config.normalize) or statistics
    if not found:
        raise ValueError("normalize: dataset needs the statistics of the images")
    mean, std = found
    return tuple(mean), tuple(std)
