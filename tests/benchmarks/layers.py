"""Ways to fuse the second convolution of CNN over eight trials: CPU-time a trial over one alone.

Forward and backward, batch 32. The first row is what fused trials do; the others lost.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from tests.benchmarks.common import Figure, alternate, parser, publish, ratios

TRIALS, BATCH, INPUTS, OUTPUTS, SIDE, KERNEL = 8, 32, 6, 16, 14, 5
Way = Callable[[], float]


def timed(work: Callable[..., Tensor], *tensors: Tensor, trials: int, repeats: int = 20) -> Way:
    """A function that gives milliseconds a trial of some work, forward and backward."""
    leaves = [t.detach().requires_grad_() for t in tensors]
    gradient = torch.randn_like(work(*leaves))

    def measure() -> float:
        began = time.process_time()
        for _ in range(repeats):
            torch.autograd.grad(work(*leaves), leaves, gradient)
        return (time.process_time() - began) / repeats / trials * 1e3

    return measure


def grouped(inputs: int, groups: int, last: bool = True) -> Way:
    """One convolution in groups, channels last or first, with `inputs` channels a group."""
    images = torch.randn(BATCH, inputs * groups, SIDE, SIDE)
    if last:
        images = images.contiguous(memory_format=torch.channels_last)
    weight = torch.randn(OUTPUTS * TRIALS, inputs, KERNEL, KERNEL)

    def work(x: Tensor, w: Tensor) -> Tensor:
        return conv2d(x, w, groups=groups)

    return timed(work, images, weight, trials=TRIALS)


def unfolded() -> Way:
    """Windows copied out, then one batched matrix product."""
    images = torch.randn(BATCH, SIDE, SIDE, TRIALS, INPUTS)
    weight = torch.randn(TRIALS, KERNEL**2 * INPUTS, OUTPUTS)

    def work(x: Tensor, w: Tensor) -> Tensor:
        windows = x.unfold(1, KERNEL, 1).unfold(2, KERNEL, 1)
        rows = windows.permute(3, 0, 1, 2, 5, 6, 4).reshape(TRIALS, -1, KERNEL**2 * INPUTS)
        return torch.bmm(rows, w)

    return timed(work, images, weight, trials=TRIALS)


def alone() -> Way:
    """The plain convolution of one trial."""
    images = torch.randn(BATCH, INPUTS, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(OUTPUTS, INPUTS, KERNEL, KERNEL)
    return timed(conv2d, images, weight, trials=1, repeats=20 * TRIALS)


def main() -> None:
    """Runs the benchmark."""
    args = parser(__doc__, runs=5).parse_args()
    torch.set_num_threads(1)
    ways = {
        "grouped, channels last": grouped(INPUTS, TRIALS),
        "grouped, channels first": grouped(INPUTS, TRIALS, last=False),
        "grouped, channels padded from 6 to 8": grouped(8, TRIALS),
        "grouped, channels padded from 6 to 16": grouped(16, TRIALS),
        "pairs of trials as one group, half of its weights 0": grouped(2 * INPUTS, TRIALS // 2),
        "windows copied out, batched matrix product": unfolded(),
    }
    spent = alternate({"alone": alone(), **ways}, args.runs)
    figures = [Figure(name, ratios(spent[name], spent["alone"])) for name in ways]
    publish(figures, args.json, trials=TRIALS)


if __name__ == "__main__":
    main()
