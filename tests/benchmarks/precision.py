"""Images per CPU-second in bfloat16 with channels last, against 32 bits; CNN8 is the largest CNN.

On a GPU wall time counts: `--gpu --batch-size 512`.
"""

import time
from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from tests.benchmarks.common import Figure, alternate, images, parser, publish, ratios
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.batches import ImageTensors
from tune_mc1.models.build import build_model
from tune_mc1.optimizers import make_optimizer


def trainer(
    config: TrialConfig, source: ImageTensors, device: torch.device, steps: int
) -> Callable[[], float]:
    """A function that does some optimiser steps and gives seconds an image."""
    model = build_model(config, (3, 32, 32), 10).to(device)
    optimizer = make_optimizer(config, list(model.parameters()))
    mixed = config.precision == "bf16-mixed"
    clock = time.process_time if device.type == "cpu" else time.perf_counter

    def train() -> float:
        began = clock()
        for step in range(steps):
            first = step * config.batch_size
            batch = torch.arange(first, first + config.batch_size, device=device) % len(source)
            x = source.gather(batch)
            if not mixed:
                x = x.contiguous()  # as most programs have it: channels first
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
                loss = cross_entropy(model(x), source.gather_labels(batch))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        loss.item()
        return (clock() - began) / steps / config.batch_size

    return train


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--model", default="CNN8")
    made.add_argument("--batch-size", type=int, default=32)
    made.add_argument("--steps", type=int, default=3)
    made.add_argument("--gpu", action="store_true")
    args = made.parse_args()
    torch.set_num_threads(1)
    device = torch.device("cuda" if args.gpu else "cpu")
    data = images(2000)
    source = ImageTensors(data.train_images, data.train_labels, device)
    config = TrialConfig(model=args.model, batch_size=args.batch_size)
    mixed = config.model_copy(update={"precision": "bf16-mixed"})
    spent = alternate(
        {
            "32": trainer(config, source, device, args.steps),
            "bf16": trainer(mixed, source, device, args.steps),
        },
        args.runs,
    )
    goal = ">= 1.8" if args.model == "CNN8" and not args.gpu else ""
    name = f"{args.model}, bf16 and channels last, against 32 bits"
    figures = [
        Figure(name, ratios(spent["32"], spent["bf16"]), goal=goal),
        Figure("images a second, bf16 and channels last", [1 / s for s in spent["bf16"]]),
        Figure("images a second, 32 bits", [1 / s for s in spent["32"]]),
    ]
    publish(figures, args.json, batch_size=args.batch_size, data=data.name, device=str(device))


if __name__ == "__main__":
    main()
