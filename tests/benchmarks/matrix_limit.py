"""An optimiser step of MLP on one core, against its matrix products alone: the limit of its speed.

The products are those of forward pass, gradient of the input and gradient of the weights of each
linear layer, with matrices of the same shapes and as cold as in training: each layer has its own.
Both sides go in turns, one step each. What a step does besides are activations, loss, and reading
and writing all weights in the optimiser.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from torch import nn

from tests.benchmarks.common import Figure, images, parser, publish
from tests.benchmarks.step import BareLoop
from tune_mc1.config.trial import TrialConfig


def products(network: nn.Module, batch: int) -> Callable[[], None]:
    """A function that multiplies all matrices of one step.

    Args:
        network: Its linear layers count; nothing goes backward below the first one.
        batch: Images of a step.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    weights = [torch.randn_like(layer.weight) for layer in layers]
    gradients = [torch.empty_like(weight) for weight in weights]
    inputs = [torch.randn(batch, weight.shape[1]) for weight in weights]
    outputs = [torch.randn(batch, weight.shape[0]) for weight in weights]

    def multiply() -> None:
        for x, weight, y in zip(inputs, weights, outputs, strict=True):
            torch.mm(x, weight.T, out=y)
        for i in reversed(range(len(weights))):
            torch.mm(outputs[i].T, inputs[i], out=gradients[i])
            if i:
                torch.mm(outputs[i], weights[i], out=inputs[i])

    return multiply


def seconds(work: Callable[[], object]) -> float:
    """CPU-seconds of some work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=30)
    made.add_argument("--batch-size", type=int, default=32)
    args = made.parse_args()
    torch.set_num_threads(1)
    data = images(4000)
    config = TrialConfig(model="MLP", batch_size=args.batch_size)
    bare = BareLoop(config, data)
    multiply = products(bare.model, args.batch_size)
    order = torch.randperm(len(data.train_labels))
    steps: list[float] = []
    limits: list[float] = []
    for batch in torch.split(order, args.batch_size)[: args.runs + 3]:
        steps.append(seconds(partial(bare.train, batch)))
        limits.append(seconds(multiply))
    steps, limits = steps[3:], limits[3:]  # the first ones allocate
    shapes = [p.shape for p in bare.model.parameters() if p.ndim == 2]
    operations = 6 * args.batch_size * sum(a * b for a, b in shapes)
    operations -= 2 * args.batch_size * shapes[0][0] * shapes[0][1]
    figures = [
        Figure(
            "a step's matrix products, share of its time",
            [limit / step for limit, step in zip(limits, steps, strict=True)],
            goal=">= 0.9",
        ),
        Figure("a step", [1e3 * s for s in steps], "CPU-ms"),
        Figure("matrix products of a step", [operations / s / 1e9 for s in limits], "GFLOP/s"),
        Figure("arithmetic of a step", [operations / median(steps) / 1e9], "GFLOP/s"),
    ]
    publish(figures, args.json, data=data.name, model="MLP", batch_size=args.batch_size)


if __name__ == "__main__":
    main()
