"""CPU-seconds of one trial: the reference study's way against ours, with the same metrics."""

import logging
import tempfile
import warnings
from pathlib import Path

import torch

from tests.benchmarks.common import (
    Figure,
    alternate,
    cpu_seconds,
    images,
    parser,
    publish,
    ratios,
)
from tests.benchmarks.reference_way import train_as_reference
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.trial import run_trials


def train_as_ours(config: TrialConfig, data: ImageData) -> None:
    """Trains a whole trial, with checkpoints."""
    train_group(config, data, 1)


def train_group(config: TrialConfig, data: ImageData, count: int) -> None:
    """Trains several trials as a group, or one alone, with checkpoints."""
    with tempfile.TemporaryDirectory() as folder:
        run_trials(
            [Trial(id=f"t{i}", config=config) for i in range(count)],
            data,
            Holdout(),
            checkpoints=Path(folder).joinpath,
            report=lambda rows, ends=(): (),
            gpu=False,
        )


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--images", type=int, default=8000, help="training images (default 8000)")
    made.add_argument("--epochs", type=int, default=2)
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    data = images(args.images)
    config = TrialConfig(epochs=args.epochs, weights_init_type="kaiming_normal")
    sides = {
        "reference": lambda: cpu_seconds(lambda: train_as_reference(config, data)),
        "ours": lambda: cpu_seconds(lambda: train_as_ours(config, data)),
    }
    spent = alternate(sides, args.runs)
    figures = [
        Figure("a trial, against the reference's way", ratios(*spent.values()), goal=">= 3"),
        Figure("a trial, the reference's way", spent["reference"], "CPU-s"),
        Figure("a trial, ours", spent["ours"], "CPU-s"),
    ]
    publish(figures, args.json, data=data.name, images=args.images, epochs=args.epochs)


if __name__ == "__main__":
    main()
