"""Images per CPU-second in bfloat16 with channels last, against 32 bits; CNN8 is the largest CNN.

On a GPU (`--gpu --batch-size 512`) it is wall time of a trial's training, as a sweep runs it.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from tests.benchmarks.common import Figure, alternate, images, parser, publish, ratios
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.models.build import build_model
from tune_mc1.training.optimizers.base import make_optimizer
from tune_mc1.training.optimizers.parts import Part
from tune_mc1.training.run_trials import run_trials

Row = dict[str, Any]


def trainer(config: TrialConfig, source: ImageTensors, steps: int) -> Callable[[], float]:
    """A function that does some optimiser steps and gives CPU-seconds an image."""
    model = build_model(config, (3, 32, 32), 10)
    optimizer = make_optimizer(config, [Part(list(model.parameters()))])
    mixed = config.precision == "bf16-mixed"

    def train() -> float:
        began = time.process_time()
        for step in range(steps):
            first = step * config.batch_size
            batch = torch.arange(first, first + config.batch_size) % len(source)
            x = source.gather(batch)
            if not mixed:
                x = x.contiguous()  # as most programs have it: channels first
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                loss = cross_entropy(model(x), source.gather_labels(batch))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        return (time.process_time() - began) / steps / config.batch_size

    return train


def trial(config: TrialConfig, data: ImageData) -> Callable[[], float]:
    """A function that trains a trial on a GPU and gives seconds an image, of its last epoch."""

    def train() -> float:
        speeds: list[float] = []

        def report(rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
            speeds.extend(row["images_per_second"] for row in rows)
            return ()

        run_trials([Trial(id="t", config=config)], data, Holdout(), report=report)
        return 1 / speeds[-1]

    return train


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--model", default="CNN8")
    made.add_argument("--batch-size", type=int, default=32)
    made.add_argument("--steps", type=int, default=3)
    made.add_argument("--gpu", action="store_true")
    made.add_argument("--compile", action="store_true", help="torch_compile, in bf16")
    args = made.parse_args()
    torch.set_num_threads(1)
    config = TrialConfig(model=args.model, batch_size=args.batch_size, epochs=2)
    configs = {"32": config, "bf16": config.model_copy(update={"precision": "bf16-mixed"})}
    if args.compile:
        configs["bf16"] = configs["bf16"].model_copy(update={"torch_compile": True})
    if args.gpu:
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        data = images()
        sides = {name: trial(c, data) for name, c in configs.items()}
    else:
        data = images(2000)
        source = ImageTensors(data.train_images, data.train_labels)
        sides = {name: trainer(c, source, args.steps) for name, c in configs.items()}
    spent = alternate(sides, args.runs)
    largest = args.model == "CNN8"
    goal = ">= 1.8" if largest and not args.gpu else ""
    wanted = 127_000 if args.compile else 100_000
    speed = f">= {wanted}" if largest and args.gpu else ""
    how = "bf16 and channels last" + (", compiled" if args.compile else "")
    name = f"{args.model}, {how}, against 32 bits"
    figures = [
        Figure(name, ratios(spent["32"], spent["bf16"]), goal=goal),
        Figure(f"images a second, {how}", [1 / s for s in spent["bf16"]], "", speed),
        Figure("images a second, 32 bits", [1 / s for s in spent["32"]]),
    ]
    device = "cuda" if args.gpu else "cpu"
    publish(figures, args.json, batch_size=args.batch_size, data=data.name, device=device)


if __name__ == "__main__":
    main()
