"""One trial of CNN at batch 32, as a sweep runs it, against a bare PyTorch loop.

Both go through the same batches in turns of one macro-batch, each on its own copy of the network:
whatever else the machine does falls on both alike. At the end the weights must agree bit for bit
(on a GPU to 0.01). Ours counts loss, accuracy and macro F1 and writes a checkpoint each epoch; the
bare loop has no metrics, no checkpoint and no Lightning. Each epoch is a run.

On a GPU (`--gpu`) wall time counts, and steps are recorded CUDA graphs.

The overhead a step is measured on a network so small (CNN_simple on 8x8 pixels) that the noise of
its arithmetic does not hide it.
"""

import logging
import math
import tempfile
import time
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.nn.functional import cross_entropy

from tests.benchmarks.common import Figure, images, parser, publish, ratios
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import make_split
from tune_mc1.models.build import build_model
from tune_mc1.training.module import ClassifierModule
from tune_mc1.training.optimizers.base import make_optimizer
from tune_mc1.training.optimizers.parts import Part
from tune_mc1.training.run_trials import run_trials


class BareLoop:
    """The same training, written down plainly.

    Args:
        config: What to train.
        data: The images.
        gpu: Whether to train on a GPU.
    """

    def __init__(self, config: TrialConfig, data: ImageData, gpu: bool = False) -> None:
        device = "cuda" if gpu else "cpu"
        self.size = config.batch_size
        self.source = ImageTensors(data.train_images, data.train_labels, device)
        self.model = build_model(config, data.image_shape, len(data.classes)).to(device)
        self.optimizer = make_optimizer(config, [Part(list(self.model.parameters()))])

    def train(self, indices: Tensor) -> None:
        """Does one optimiser step a batch."""
        self.model.train()
        for batch in torch.split(indices, self.size):
            self.optimizer.zero_grad()
            loss = cross_entropy(self.model(self.source.gather(batch)), self.source.labels[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()

    def predict(self, indices: Tensor) -> None:
        """Predicts validation images."""
        self.model.eval()
        with torch.no_grad():
            self.model(self.source.gather(indices))


@dataclass
class Spent:
    """CPU-seconds of an epoch: the optimiser steps, and all else (validation, checkpoint)."""

    steps: float = 0.0
    rest: float = 0.0

    @property
    def total(self) -> float:
        """The whole epoch."""
        return self.steps + self.rest


@dataclass
class Turns(Callback):
    """Lets the bare loop follow Lightning batch by batch, and keeps their clocks apart.

    Attributes:
        bare: The bare loop.
        ours: Each epoch of the trial.
        other: Each epoch of the bare loop.
        set_up: CPU-seconds from the trial's start to its first epoch.
        gpu: Whether both train on a GPU; then all are seconds of wall time.
    """

    bare: BareLoop
    ours: list[Spent] = field(default_factory=lambda: [Spent()])
    other: list[Spent] = field(default_factory=lambda: [Spent()])
    set_up: float = 0.0

    gpu: bool = False

    def __post_init__(self) -> None:
        self._mark = self._now()

    def _now(self) -> float:
        if not self.gpu:
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()

    def on_train_start(self, *_: Any) -> None:
        self.set_up = self._lap()

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, *_: Any
    ) -> None:
        self.ours[-1].steps += self._lap()
        self.bare.train(batch)
        self.other[-1].steps += self._lap()

    def on_validation_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, *_: Any
    ) -> None:
        self.ours[-1].rest += self._lap()
        self.bare.predict(batch)
        self.other[-1].rest += self._lap()

    def report(self, rows: Any, ends: Any = ()) -> tuple[str, ...]:
        """Ends an epoch: the trial calls it last."""
        self.ours[-1].rest += self._lap()
        self.ours.append(Spent())
        self.other.append(Spent())
        return ()

    def _lap(self) -> float:
        before, self._mark = self._mark, self._now()
        return self._mark - before

    def on_fit_end(self, trainer: Any, module: Any) -> None:
        """Both did the same work.

        Raises:
            AssertionError: If they did not.
        """
        assert isinstance(module, ClassifierModule)
        pairs = zip(module.model.parameters(), self.bare.model.parameters(), strict=True)
        far = 1e-2 if self.gpu else 0.0
        assert all(torch.allclose(a.cpu(), b.cpu(), rtol=0, atol=far) for a, b in pairs), (
            "the bare loop trained something else"
        )
        del self.ours[-1], self.other[-1]  # begun by the last report


def measure(config: TrialConfig, data: ImageData, gpu: bool) -> Turns:
    """Runs a trial and the bare loop in turns."""
    turns = Turns(BareLoop(config, data, gpu), gpu=gpu)
    with tempfile.TemporaryDirectory() as folder:
        run_trials(
            [Trial(id="t", config=config)],
            data,
            Holdout(),
            checkpoints=lambda _: Path(folder),
            report=turns.report,
            gpu=gpu,
            callbacks=(turns,),
        )
    return turns


def _speed(turns: Turns, count: int) -> list[Figure]:
    second = "second" if turns.gpu else "CPU-second"
    ours, other = ([s.total for s in side] for side in (turns.ours, turns.other))
    whole = sum(other) / (sum(ours) + turns.set_up)
    return [
        Figure(f"images per {second}, against a bare loop", ratios(other, ours), goal=">= 0.95"),
        Figure(f"the same with setting up, over {len(ours)} epochs", [whole]),
        Figure(f"images per {second}, ours", [count / s for s in ours]),
        Figure(f"images per {second}, bare loop", [count / s for s in other]),
    ]


def _extra(turns: Turns, part: str, unit: float) -> list[float]:
    """What ours takes beyond the bare loop in a part of each epoch."""
    pairs = zip(turns.ours, turns.other, strict=True)
    return [(getattr(a, part) - getattr(b, part)) * unit for a, b in pairs]


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--images", type=int, help="use only so many training images")
    made.add_argument("--batch-size", type=int, default=32)
    made.add_argument("--model", default="CNN")
    made.add_argument("--gpu", action="store_true")
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    data = images(args.images)
    small = replace(data, train_images=data.train_images[:, :8, :8].copy())
    config = TrialConfig(model=args.model, batch_size=args.batch_size, epochs=args.runs)
    tiny = measure(config.model_copy(update={"model": "CNN_simple"}), small, args.gpu)
    turns = measure(config, data, args.gpu)
    count = len(make_split(data, Holdout()).train)
    steps = math.ceil(count / config.batch_size)
    figures = [
        *_speed(turns, count),
        Figure("overhead a step", _extra(tiny, "steps", 1e6 / steps), "us", "<= 50"),
        Figure("overhead an epoch (validation, checkpoint)", _extra(tiny, "rest", 1e3), "ms"),
        Figure("setting up", [tiny.set_up * 1e3, turns.set_up * 1e3], "ms"),
    ]
    facts = {"model": config.model, "batch_size": config.batch_size, "images": count}
    publish(figures, args.json, data=data.name, **facts)


if __name__ == "__main__":
    main()
