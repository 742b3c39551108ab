"""Networks of any origin as one model, if torch.fx can read them."""

from collections.abc import Iterable
from itertools import chain

import torch
from torch import Tensor, nn

from tune_mc1.models.build import Classifier, ImageShape, OwnNetwork
from tune_mc1.models.dropout import NetworkMasks
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.models.fused_network import FusedOperations, fused_layers
from tune_mc1.models.graph_reading import EXAMPLES, NoFusedForm
from tune_mc1.models.traced import Traced, trace

CLOSE = 1e-3
"""Largest accepted difference of a network's logits, fused and alone, relative to the largest."""


def fuse_models(
    models: Iterable[Classifier], trials: int, image_shape: ImageShape, gpu: bool = False
) -> FusedClassifier:
    """Many models as one, whether declared or of any origin.

    Args:
        models: The trials' models, of equal structure. Each is copied and released.
        trials: Their number.
        image_shape: Channels, height and width.
        gpu: Whether they are trained on a GPU.

    Raises:
        NoFusedForm: If networks of other origin are not known in all parts, or differ.
    """
    left = iter(models)
    first = next(left)
    if not isinstance(first, OwnNetwork):
        return FusedClassifier(chain([first], left), trials, image_shape)
    fused = FusedOwn(chain([first], left), trials, image_shape)
    if gpu and fused.draws:
        raise NoFusedForm("on a GPU, its dropout would drop other units than alone")
    return fused


def trace_own(model: OwnNetwork, image_shape: ImageShape) -> Traced:
    """Reads the network of a model.

    Raises:
        NoFusedForm: If it has a part that is not known.
    """
    return trace(model.network, model.lay_out(_examples(model, image_shape)))


def _examples(model: nn.Module, image_shape: ImageShape) -> Tensor:
    """Images of noise, in the memory format of those of the training."""
    channels, height, width = image_shape
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((EXAMPLES, height, width, channels), generator=generator)
    return noise.to(next(model.parameters())).movedim(-1, 1)


class FusedOwn(FusedClassifier):
    """K networks of any origin as one model; see `FusedClassifier`.

    Each trial's logits are compared with those of its network alone, on two images of noise.

    Args:
        models: The trials' models.
        trials: K.
        image_shape: Channels, height and width.

    Raises:
        NoFusedForm: If the networks have a part that is not known, or differ.
    """

    def __init__(self, models: Iterable[Classifier], trials: int, image_shape: ImageShape) -> None:
        self._alone: list[Tensor] = []
        super().__init__(models, trials, image_shape)
        self._compare(image_shape)

    @property
    def draws(self) -> bool:
        """True if some trial drops units."""
        return any(any(rates) for rates in self.operations.rates)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (K, B, classes) of images (B, S * channels, height, width); S divides K."""
        return self.operations(images)

    def at_step(self, step: int) -> None:
        """Sets the optimiser step of the next dropout masks."""
        for masks in self.operations.masks:
            masks.at_step(step)

    def keep(self, indices: Tensor) -> None:
        """Keeps only some of the trials, packed together; see `FusedClassifier`."""
        super().keep(indices)
        self.operations.keep(indices.tolist())

    def _add_layers(self, model: Classifier, trials: int, image_shape: ImageShape) -> None:
        assert isinstance(model, OwnNetwork)
        traced = trace_own(model, image_shape)
        self._image_shape, self._signature = image_shape, traced.signature
        layers = fused_layers(model.network, trials)
        self.layers.add_module("network", layers)
        self.operations = FusedOperations(traced, layers, trials)

    @torch.no_grad()
    def take(self, model: Classifier, index: int) -> None:
        """Copies a trial's model into its place."""
        assert isinstance(model, OwnNetwork)
        traced = trace_own(model, self._image_shape)
        if traced.signature != self._signature:
            raise NoFusedForm("the networks of its trials differ")
        super().take(model, index)
        self.operations.masks.append(NetworkMasks(model.seed))
        self.operations.rates.append(traced.dropouts)
        self._alone.append(model.eval()(_examples(model, self._image_shape)))

    @torch.no_grad()
    def _compare(self, image_shape: ImageShape) -> None:
        alone = torch.stack(self._alone)
        self._alone.clear()
        together = self.eval()(_examples(self, image_shape))
        self.train()
        if not torch.allclose(together, alone, rtol=0, atol=CLOSE * float(alone.abs().max())):
            raise NoFusedForm("its logits are others when fused")
