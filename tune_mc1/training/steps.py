"""Execution of optimiser steps: operation by operation, or on a GPU as a recorded CUDA graph.

With batches of 32, the kernels of a small network take a few microseconds each, less than launching
one from Python. A graph launches all kernels of a step at once (`torch.cuda.CUDAGraph`); the
numbers are the same, as the same kernels run.
"""

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from tune_mc1.config.losses import find_loss
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.build import Classifier
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.training.clipping import GradientClip
from tune_mc1.training.torch_private import use_own_workspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning.pytorch.core.optimizer import LightningOptimizer

Loss = Callable[[Tensor, Tensor], Tensor]

WARM_UP = 3
"""Steps before one is recorded: libraries initialise, optimisers create their state."""


def is_recordable(config: TrialConfig, model: Classifier | FusedClassifier) -> bool:
    """True if a trial's network, loss and optimiser allow its step to be recorded.

    A fused model consists of layers that are known, whatever its network's origin.
    """
    architecture = config.architecture
    known = architecture.declared or isinstance(model, FusedClassifier)
    recordable = (known or architecture.recordable) and config.precision != "16-mixed"
    loss = find_loss(config.loss_function)
    return recordable and loss.recordable and OPTIMIZERS[config.optimizer].recordable


class Steps:
    """Does optimiser steps, operation by operation.

    Args:
        model: A plain model, or a fused one.
        loss_of: Maps logits and labels to the loss.
        optimizer: Optimiser of the trained parameters, as wrapped by Lightning.
        clip: Clips the gradients, if any are to be.
        scale: Scales the loss, so that float16 holds its gradients; Lightning scales them back.
    """

    def __init__(
        self,
        model: Classifier | FusedClassifier,
        loss_of: Loss,
        optimizer: "LightningOptimizer",
        clip: GradientClip | None = None,
        scale: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.model, self.loss_of, self.optimizer = model, loss_of, optimizer
        self.clip, self.scale = clip, scale
        # Looked up once, as a module's attribute access takes a microsecond.
        self.trained = [p for p in model.parameters() if p.requires_grad]

    def __call__(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Does a step on a batch; returns its logits."""
        logits = self._gradients(inputs, labels)
        self.optimizer.step()
        return logits

    def _gradients(self, inputs: Tensor, labels: Tensor) -> Tensor:
        logits = cast(Tensor, self.model(inputs))
        for parameter in self.trained:
            parameter.grad = None
        loss = self.loss_of(logits, labels)
        torch.autograd.backward(loss if self.scale is None else self.scale(loss))
        if self.clip is not None:
            self.clip(self.trained)
        return logits.detach()


class GraphSteps(Steps):
    """Does the first steps like `Steps`, then records one and replays it for all others.

    Batches that differ in size from the first, such as the last one of an epoch, run as in `Steps`.

    Args:
        model: A plain model, or a fused one, on a GPU.
        loss_of: Maps logits and labels to the loss.
        optimizer: Optimiser of the trained parameters, as wrapped by Lightning.
        count: Called after each replay, as Lightning does not notice it.
        clip: Clips the gradients, if any are to be.
    """

    def __init__(
        self,
        model: Classifier | FusedClassifier,
        loss_of: Loss,
        optimizer: "LightningOptimizer",
        count: Callable[[], None],
        clip: GradientClip | None = None,
    ) -> None:
        super().__init__(model, loss_of, optimizer, clip)
        self.count = count
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._graph: torch.cuda.CUDAGraph | None = None
        self._size: torch.Size | None = None
        self._warm = 0

    def __call__(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Does a step on a batch; returns its logits."""
        if self._size is None:
            self._size = inputs.shape
        if inputs.shape != self._size or self._warm < WARM_UP:
            self._warm += inputs.shape == self._size
            with self._on_own_stream():
                return super().__call__(inputs, labels)
        if self._graph is None:
            self._graph = self._record(inputs, labels)
        self._inputs.copy_(inputs)
        self._labels.copy_(labels)
        self.model.redraw_masks()
        self._graph.replay()
        self.count()
        return self._logits.clone()

    @contextmanager
    def _on_own_stream(self) -> "Iterator[None]":
        # A recorded step must not depend on work on another stream, and autograd runs each backward
        # operation on the stream of its forward operation.
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            yield
        torch.cuda.current_stream().wait_stream(self._stream)

    def _record(self, inputs: Tensor, labels: Tensor) -> torch.cuda.CUDAGraph:
        self._inputs, self._labels = inputs.clone(), labels.clone()
        optimizer = self.optimizer.optimizer
        guarded = [group for group in optimizer.param_groups if "capturable" in group]
        for group in guarded:
            group["capturable"] = True  # PyTorch demands it, though any fused optimiser is
        # Lightning frees cuBLAS's workspaces whenever a Trainer starts or ends. So the graph gets
        # its own ones, in its own memory, which lives as long as the graph.
        use_own_workspaces()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self._stream):
            self._logits = self._gradients(self._inputs, self._labels)
            optimizer.step()
        for group in guarded:
            group["capturable"] = False
        return graph
