"""The forward pass of a network, compiled by `torch.compile`."""

import logging
import sys
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from tune_mc1.models.classifier import Classifier, OwnNetwork
from tune_mc1.models.dropout import SeededDropout
from tune_mc1.training.dynamo_private import COMPILER

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

NOT_COMPILED = "torch_compile: the network is trained as it is"
"""Beginning of the line of the log that says why a network is not compiled."""


def forget_compiled() -> None:
    """Lets a process compile the networks of its next trial as a new process would.

    Dynamo keeps what it compiled with the code of a function, such as `forward`, which all networks
    of a class share, and compiles no more than eight forms of it: those of the trials before would
    count. User code may use `torch.compile` without our parameter.
    """
    # `torch._dynamo` alone may be our stand-in, and a reset imports all of it.
    if f"{COMPILER}.eval_frame" in sys.modules:
        torch.compiler.reset()


class CompiledForward:
    """Maps batches to logits by a compiled network, with its gradients.

    Batches that differ in size from the first, such as the last one of an epoch, go through the
    network as it is, as another compilation would cost more than it saves. So does everything if
    PyTorch cannot compile the network, for example without a C++ compiler; the log says so once.

    Args:
        model: The network; its weights, and the names in its state, stay as they are.
    """

    def __init__(self, model: Classifier) -> None:
        self.model = model
        self._shape: torch.Size | None = None
        self._compiled: Callable[[Tensor], Tensor] | None = None

    def __call__(self, inputs: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, channels, height, width)."""
        if self._shape is None:
            self._shape = inputs.shape
            return self._first(inputs)
        if self._compiled is None or inputs.shape != self._shape:
            return cast(Tensor, self.model(inputs))
        return self._compiled(inputs)

    def _first(self, inputs: Tensor) -> Tensor:
        if isinstance(self.model, OwnNetwork):
            self.model.lay_out(inputs)  # tries the network, which must not be compiled too
        for layer in self.model.modules():
            if isinstance(layer, SeededDropout):  # seeds a generator by the step
                kept = torch.compiler.disable(layer.mask)  # type: ignore[no-untyped-call]
                setattr(layer, "mask", kept)  # noqa: B010
        compiled = cast("Callable[[Tensor], Tensor]", torch.compile(self.model, dynamic=False))
        try:
            logits = compiled(inputs)
        except RuntimeError as error:  # every refusal of Dynamo and Inductor is one
            if isinstance(error, torch.OutOfMemoryError):
                raise
            reason = " ".join(str(error).split("\n")[:2]).strip() or type(error).__name__
            log.warning("%s, as PyTorch cannot compile it: %s", NOT_COMPILED, reason)
            return cast(Tensor, self.model(inputs))
        self._compiled = compiled
        return logits
