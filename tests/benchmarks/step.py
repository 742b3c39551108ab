"""One trial of CNN at batch 32, as a sweep runs it, against a bare PyTorch loop.

Both train the same model on the same images in the same order, and predict the validation images
after each epoch; the bare loop has no metrics, no checkpoints and no Lightning. Setting up counts.
With `--reference` the other side is the reference study's way: see `reference_way.py`.
"""

import argparse
import logging
import os
import tempfile
import warnings
from pathlib import Path

import torch
from common import Figure, alternate, cpu_seconds, images, parser, publish, ratios
from reference_way import train_as_reference
from torch.nn.functional import cross_entropy

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.batches import ImageTensors, epoch_order
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import make_split
from tune_mc1.models.build import build_model
from tune_mc1.module import make_optimizer
from tune_mc1.trial import EVAL_BATCH, run_trial


def train_ours(config: TrialConfig, data: ImageData) -> None:
    """A trial with checkpoints, as a sweep's worker runs it."""
    with tempfile.TemporaryDirectory() as folder:
        run_trial(
            Trial(id="t", config=config),
            data,
            Holdout(),
            checkpoints=Path(folder),
            report=lambda row: None,
            gpu=False,
        )


def train_bare(config: TrialConfig, data: ImageData) -> None:
    """The same training, written down plainly."""
    split = make_split(data, Holdout())
    source = ImageTensors(data.train_images, data.train_labels)
    train, val = torch.from_numpy(split.train), torch.from_numpy(split.val)
    model = build_model(config, data.image_shape, len(data.classes))
    optimizer = make_optimizer(config, list(model.parameters()))
    for epoch in range(config.epochs):
        model.train()
        for batch in train[epoch_order(len(train), config.seed, epoch)].split(config.batch_size):
            optimizer.zero_grad()
            loss = cross_entropy(model(source.gather(batch)), source.gather_labels(batch))
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for batch in val.split(EVAL_BATCH):
                model(source.gather(batch))


def main() -> None:
    """Runs the benchmark."""
    args = _arguments()
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    data = images(args.images)
    config = TrialConfig(
        model=args.model, batch_size=args.batch_size, epochs=args.epochs, device="cpu"
    )
    other = train_as_reference if args.reference else train_bare
    seconds = alternate(
        {
            "ours": lambda: cpu_seconds(lambda: train_ours(config, data)),
            "other": lambda: cpu_seconds(lambda: other(config, data)),
        },
        args.runs,
    )
    count = len(make_split(data, Holdout()).train)
    steps = -(-count // config.batch_size) * config.epochs
    publish(
        _figures(seconds["ours"], seconds["other"], count * config.epochs, steps, args.reference),
        args.json,
        model=config.model,
        batch_size=config.batch_size,
        epochs=config.epochs,
        images=count,
        data=data.name,
    )


def _figures(
    ours: list[float], other: list[float], images_seen: int, steps: int, reference: bool
) -> list[Figure]:
    name = "the reference's way" if reference else "a bare loop"
    speed = ratios(other, ours)
    figures = [
        Figure(f"images per CPU-second relative to {name}", speed, goal=">= 3" if reference else ">= 0.95"),
        Figure("images per CPU-second: ours", [images_seen / s for s in ours]),
        Figure(f"images per CPU-second: {name}", [images_seen / s for s in other]),
    ]
    if not reference:
        extra = [(a - b) / steps * 1e6 for a, b in zip(ours, other, strict=True)]
        figures.append(Figure("overhead a step", extra, "us", "<= 50"))
    return figures


def _arguments() -> argparse.Namespace:
    made = parser(__doc__, runs=7)
    made.add_argument("--reference", action="store_true", help="against the reference's way")
    made.add_argument("--images", type=int, help="use only so many training images")
    made.add_argument("--epochs", type=int, default=2)
    made.add_argument("--batch-size", type=int, default=32)
    made.add_argument("--model", default="CNN")
    return made.parse_args()


if __name__ == "__main__":
    main()
