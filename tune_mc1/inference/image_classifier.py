"""A trained network as a plain module, with all that it does to images inside."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tune_mc1.config.recipe.fine_tuning import BACKBONE
from tune_mc1.data.on_device import fit_batch
from tune_mc1.inference.predictions import Images, Predictions
from tune_mc1.models.build import Classifier, build_model
from tune_mc1.models.pretrained import without_weights
from tune_mc1.models.views import mean_over_views
from tune_mc1.training.model_facts import ModelFacts

BATCH = 500
"""Images per batch unless one says otherwise: as in the validation of a trial."""


class ImageClassifier(nn.Module):
    """A trained network that maps images to logits, in eval mode.

    Normalisation is inside, and so are a change of size (`image_size`) and the views of an image
    (`test_time_flip`, `test_time_translate`), if the trial has them. Weights are the averaged ones,
    if there are any.

    Args:
        network: The network.
        facts: The trial's parameters, the classes, and what its images look like.

    Attributes:
        network: The network alone: takes normalised images, of the size that it was trained on.
        classes: Names of the classes, in the order of the logits.
        image_shape: Channels, height and width of the data set's images.
        input_shape: Those of the images that the network gets.
        mean: What is subtracted from each channel, on a scale from 0 to 1.
        std: What divides it then.
        config: Parameters of the trial by name.
    """

    _scale: Tensor
    _shift: Tensor

    def __init__(self, network: Classifier, facts: ModelFacts) -> None:
        super().__init__()
        self.network = network
        self.facts = facts
        std = torch.tensor(facts.std, dtype=torch.float64)
        shift = (0.5 - torch.tensor(facts.mean, dtype=torch.float64)) / std
        for name, values in (("_scale", 0.5 / std), ("_shift", shift)):
            self.register_buffer(name, values.float().view(-1, 1, 1), persistent=False)
        self._half = set(facts.mean) == set(facts.std) == {0.5}
        self.eval()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the logits."""
        return self.facts.classes

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the data set's images."""
        return self.facts.image_shape

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images that the network gets."""
        return self.facts.input_shape

    @property
    def mean(self) -> tuple[float, ...]:
        """What is subtracted from each channel, on a scale from 0 to 1."""
        return self.facts.mean

    @property
    def std(self) -> tuple[float, ...]:
        """What divides each channel after that."""
        return self.facts.std

    @property
    def config(self) -> dict[str, Any]:
        """Parameters of the trial by name."""
        return self.facts.config.values

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, classes).

        Args:
            images: (N, channels, height, width): float in [0, 1], or uint8 in [0, 255].
        """
        # The same operations in the same order as in training, so that the numbers are the same.
        whole = images.dtype == torch.uint8
        inputs = images.float().div_(255).sub_(0.5) if whole else images.sub(0.5)
        inputs.mul_(2)
        size = self.facts.config.image_size
        if size is not None and tuple(inputs.shape[2:]) != (size, size):
            inputs = fit_batch(inputs, size)
        if not self._half:
            inputs = inputs.mul_(self._scale).add_(self._shift)
        config = self.facts.config
        return mean_over_views(
            self.network,
            inputs,
            flip=config.test_time_flip,
            translate=config.test_time_translate,
        )

    def predict(self, images: Images, *, batch_size: int = BATCH) -> Predictions:
        """Classes and probabilities of images, on the device of the module.

        Args:
            images: Paths of image files or of folders with such, one or several; Pillow's images;
                or an array uint8 (N, height, width, channels) or (N, height, width). Files and
                Pillow's images are brought to the size of the data set's images, as `image_size`
                does: the shorter side is resized, and the centre cropped.
            batch_size: Images per batch.

        Raises:
            InputError: Naming the image that cannot be read or does not fit.
        """
        from tune_mc1.inference.predict import predict

        return predict(self, images, batch_size)

    @classmethod
    def load_from_checkpoint(cls, path: str | Path) -> "ImageClassifier":
        """Loads a checkpoint of a trial; it needs no other file.

        Args:
            path: The checkpoint, such as `results/NAME/checkpoints/t0001/best.ckpt`.

        Raises:
            InputError: If it cannot be read, is not that of a trial of built-in training, or is of
                a version whose checkpoints do not describe their network.
            TrialError: If its network cannot be built.
        """
        from tune_mc1.inference.load import load_classifier

        return load_classifier(Path(path))


def build_classifier(facts: ModelFacts) -> ImageClassifier:
    """The module of a trial, with weights that are to be replaced.

    Published weights are read only for a backbone that checkpoints leave out.
    """
    leaves_out = facts.config.freeze == BACKBONE
    with nullcontext() if leaves_out else without_weights():
        network = build_model(facts.config, facts.image_shape, len(facts.classes))
    return ImageClassifier(network, facts)
