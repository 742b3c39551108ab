"""How near fused trials come to what a core can compute: their arithmetic against its sgemm.

The arithmetic is that of the networks alone, forward and backward, as PyTorch counts it; what
fusing computes on top is not in it. Pooling, activations, batches, metrics and the optimiser take
time and count no operations. The limit is a product of two square matrices that fit the cache, in
turn with the epochs. Epochs are those of the benchmark `fused`, with validation and checkpoints.
"""

import logging
import time
import warnings
from argparse import Namespace

import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.benchmarks.common import Figure, images, parser, publish
from tests.benchmarks.fused import measure
from tests.benchmarks.step import BareLoop
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.images import ImageData

SIDE = 512
"""Rows and columns of the limit's matrices: one megabyte each."""


def sgemm(products: int = 40) -> float:
    """Operations a second of products of square matrices, on one core."""
    a, b, c = (torch.randn(SIDE, SIDE) for _ in range(3))
    torch.mm(a, b, out=c)
    began = time.thread_time()
    for _ in range(products):
        torch.mm(a, b, out=c)
    return 2 * SIDE**3 * products / (time.thread_time() - began)


def operations(config: TrialConfig, data: ImageData) -> tuple[float, float]:
    """Operations for an image in training, and in validation."""
    bare = BareLoop(config, data)
    batch = torch.arange(config.batch_size)
    counts = []
    for work in (bare.train, bare.predict):
        with FlopCounterMode(display=False) as counter:
            work(batch)
        counts.append(counter.get_total_flops() / config.batch_size)
    return counts[0], counts[1]


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--images", type=int, default=4000, help="training images (default 4000)")
    made.add_argument("--batch-size", type=int, default=32)
    made.add_argument("--trials", type=int, default=8)
    made.add_argument("--models", nargs="+", default=["CNN", "CNN2", "CNN3", "CNN5"])
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    data = images(args.images)
    limits = [sgemm()]
    figures: list[Figure] = []
    for model in args.models:
        training, validation = operations(
            TrialConfig(model=model, batch_size=args.batch_size), data
        )
        count = len(data.train_labels) * args.trials
        total = count * (0.9 * training + 0.1 * validation)
        for seeds in (1, args.trials):
            case = Namespace(**vars(args), model=model, seeds=seeds, precision="32", gpu=False)
            alone, fused = measure(case, data)
            limits.append(sgemm())
            words = "own images" if seeds > 1 else "same images"
            name = f"{model}, {args.trials} fused, {words}"
            figures.append(Figure(name, [total / s / 1e9 for s in fused], "GFLOP/s"))
            name = f"{model}, alone, {words}"
            figures.append(Figure(name, [total / s / 1e9 for s in alone], "GFLOP/s"))
    best = Figure("sgemm", [limit / 1e9 for limit in limits], "GFLOP/s")
    shares = [Figure(f"{one.name}, of sgemm", [one.median / best.median]) for one in figures]
    figures = [best, *figures, *shares]
    publish(figures, args.json, data=data.name, images=args.images, batch_size=args.batch_size)


if __name__ == "__main__":
    main()
