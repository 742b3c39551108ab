"""CPU-seconds of one trial: the reference study's way against ours, with the same metrics.

On a GPU wall time counts: `--gpu`.
"""

import logging
import tempfile
import warnings
from pathlib import Path

import torch

from tests.benchmarks.common import (
    Figure,
    alternate,
    cpu_seconds,
    gpu_seconds,
    images,
    parser,
    publish,
    ratios,
)
from tests.benchmarks.reference_way import train_as_reference
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training.run_trials import run_trials


def train_as_ours(config: TrialConfig, data: ImageData, gpu: bool = False) -> None:
    """Trains a whole trial, with checkpoints."""
    train_group(config, data, 1, gpu)


def train_group(config: TrialConfig, data: ImageData, count: int, gpu: bool = False) -> None:
    """Trains several trials as a group, or one alone, with checkpoints."""
    with tempfile.TemporaryDirectory() as folder:
        run_trials(
            [Trial(id=f"t{i}", config=config) for i in range(count)],
            data,
            Holdout(),
            checkpoints=Path(folder).joinpath,
            report=lambda rows, ends=(): (),
            gpu=gpu,
        )


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--images", type=int, default=8000, help="training images (default 8000)")
    made.add_argument("--epochs", type=int, default=2)
    made.add_argument("--gpu", action="store_true")
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    data = images(args.images)
    config = TrialConfig(epochs=args.epochs, weights_init_type="kaiming_normal")
    seconds = gpu_seconds if args.gpu else cpu_seconds
    sides = {
        "reference": lambda: seconds(lambda: train_as_reference(config, data, gpu=args.gpu)),
        "ours": lambda: seconds(lambda: train_as_ours(config, data, args.gpu)),
    }
    spent = alternate(sides, args.runs)
    goal, unit = (">= 10", "s") if args.gpu else (">= 3", "CPU-s")
    figures = [
        Figure("a trial, against the reference's way", ratios(*spent.values()), goal=goal),
        Figure("a trial, the reference's way", spent["reference"], unit),
        Figure("a trial, ours", spent["ours"], unit),
    ]
    publish(figures, args.json, data=data.name, images=args.images, epochs=args.epochs)


if __name__ == "__main__":
    main()
