"""Execution of optimiser steps: operation by operation, or on a GPU as a recorded CUDA graph.

With batches of 32, the kernels of a small network take a few microseconds each, less than launching
one from Python. A graph launches all kernels of a step at once (`torch.cuda.CUDAGraph`); the
numbers are the same, as the same kernels run.
"""

import logging
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from tune_mc1.models.build import Classifier
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.training.clipping import GradientClip
from tune_mc1.training.torch_private import use_own_workspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning.pytorch.core.optimizer import LightningOptimizer

log = logging.getLogger(__name__)

Loss = Callable[[Tensor, Tensor], Tensor]

WARM_UP = 3
"""Steps before one is recorded: libraries initialise, optimisers create their state."""


BY_OPERATION = "optimiser steps run operation by operation"
"""Beginning of the line of the log that says why steps are not recorded."""


class Steps:
    """Does optimiser steps, operation by operation.

    Args:
        model: A plain model, or a fused one.
        loss_of: Maps logits and labels to the loss.
        optimizer: Optimiser of the trained parameters, as wrapped by Lightning.
        clip: Clips the gradients, if any are to be.
        scale: Scales the loss, so that float16 holds its gradients; Lightning scales them back.
        forward: Maps inputs to the model's logits; None for the model itself.

    Attributes:
        refused: Whether PyTorch has refused to record the step.
    """

    def __init__(
        self,
        model: Classifier | FusedClassifier,
        loss_of: Loss,
        optimizer: "LightningOptimizer",
        clip: GradientClip | None = None,
        scale: Callable[[Tensor], Tensor] | None = None,
        forward: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.model, self.loss_of, self.optimizer = model, loss_of, optimizer
        self.clip, self.scale = clip, scale
        self.forward = forward or model
        self.refused = False
        # Looked up once, as a module's attribute access takes a microsecond.
        self.trained = [p for p in model.parameters() if p.requires_grad]

    def __call__(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Does a step on a batch; returns its logits."""
        logits = self._gradients(inputs, labels)
        self.optimizer.step()
        return logits

    def _gradients(self, inputs: Tensor, labels: Tensor) -> Tensor:
        logits = cast(Tensor, self.forward(inputs))
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
    If PyTorch refuses to record the step, all do, and the log says so once.

    Args:
        model: A plain model, or a fused one, on a GPU.
        loss_of: Maps logits and labels to the loss.
        optimizer: Optimiser of the trained parameters, as wrapped by Lightning.
        count: Called after each replay, as Lightning does not notice it.
        clip: Clips the gradients, if any are to be.
        forward: Maps inputs to the model's logits; None for the model itself.
    """

    def __init__(
        self,
        model: Classifier | FusedClassifier,
        loss_of: Loss,
        optimizer: "LightningOptimizer",
        count: Callable[[], None],
        clip: GradientClip | None = None,
        forward: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__(model, loss_of, optimizer, clip, forward=forward)
        self.count = count
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._graph: torch.cuda.CUDAGraph | None = None
        self._size: torch.Size | None = None
        self._warm = 0

    def __call__(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Does a step on a batch; returns its logits."""
        if self._size is None:
            self._size = inputs.shape
        first = self._size == inputs.shape
        if first and self._warm == WARM_UP and self._graph is None and not self.refused:
            self._graph = self._try_to_record(inputs, labels)
        if not first or self._graph is None:
            self._warm += first and self._warm < WARM_UP
            with self._on_own_stream():
                return super().__call__(inputs, labels)
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

    def _try_to_record(self, inputs: Tensor, labels: Tensor) -> torch.cuda.CUDAGraph | None:
        current = torch.cuda.current_stream()
        try:
            return self._record(inputs, labels)
        except RuntimeError as error:  # every refusal of PyTorch and of CUDA is one
            torch.cuda.set_stream(current)  # a recording whose end fails does not
            self.refused = True
            reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
            log.info("%s; its step cannot be recorded as a CUDA graph: %s", BY_OPERATION, *reason)
        # A recording that fails leaves the random generators in it; one that succeeds ends it.
        with torch.cuda.graph(torch.cuda.CUDAGraph(), stream=self._stream):
            torch.zeros((), device=inputs.device)
        return None

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
        try:
            with torch.cuda.graph(graph, stream=self._stream):
                self._logits = self._gradients(self._inputs, self._labels)
                optimizer.step()
        finally:
            for group in guarded:
                group["capturable"] = False
        return graph
