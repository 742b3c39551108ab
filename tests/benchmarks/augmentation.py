"""Cost of flip, crop and cutout: in the training of `Airbench` on a CPU, and against torchvision.

Training: CPU-seconds of optimiser steps with and without them. Alone: images a second of wall time,
ours with two threads, torchvision's in a DataLoader with two workers. All sides alternate.
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from tests.benchmarks.common import Figure, alternate, images, parser, publish, ratios
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.models.build import build_model
from tune_mc1.training.augment import augment_batch
from tune_mc1.training.optimizers.base import make_optimizer
from tune_mc1.training.optimizers.parts import parts_of

AUGMENT = "flip+crop+cutout"
CUTOUT = 12
WORKERS = 2


def trainer(config: TrialConfig, source: ImageTensors, steps: int) -> Callable[[], float]:
    """A function that does some optimiser steps and gives CPU-seconds an image."""
    model = build_model(config, (3, 32, 32), 10)
    optimizer = make_optimizer(config, parts_of(model, config))

    def train() -> float:
        began = time.process_time()
        macro = torch.arange(steps * config.batch_size) % len(source)
        pixels, labels = source.gather(macro), source.gather_labels(macro)
        augment_batch([config], pixels, labels, macro, 0)
        parts = zip(*(torch.split(x, config.batch_size) for x in (pixels, labels)), strict=True)
        for x, y in parts:
            with torch.autocast("cpu", torch.bfloat16, enabled=config.precision != "32"):
                loss = cross_entropy(model(x), y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        return (time.process_time() - began) / len(macro)

    return train


def ours(config: TrialConfig, source: ImageTensors) -> Callable[[], float]:
    """A function that augments all images once and gives images a second."""

    def augment() -> float:
        began = time.perf_counter()
        for part in torch.split(torch.arange(len(source)), 8192):
            pixels, labels = source.gather(part), source.gather_labels(part)
            augment_batch([config], pixels, labels, part, 0)
        return len(source) / (time.perf_counter() - began)

    return augment


class Pictures(Dataset[Any]):
    """Images as a data set of torchvision has them, with the same augmentations."""

    def __init__(self, data: ImageData) -> None:
        self.pixels, self.labels = data.train_images, data.train_labels
        area = CUTOUT**2 / 32**2
        self.transform = transforms.Compose(
            [
                transforms.RandomHorizontalFlip(),
                transforms.RandomCrop(32, padding=4, padding_mode="reflect"),
                transforms.ToTensor(),
                transforms.Normalize((0.5,) * 3, (0.5,) * 3),
                transforms.RandomErasing(p=1, scale=(area, area), ratio=(1, 1)),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


def theirs(data: ImageData) -> Callable[[], float]:
    """A function that reads all images once from a DataLoader and gives images a second."""
    loader = DataLoader(
        Pictures(data), batch_size=256, shuffle=True, num_workers=WORKERS, persistent_workers=True
    )

    def read() -> float:
        began = time.perf_counter()
        count = sum(len(labels) for _, labels in loader)
        return count / (time.perf_counter() - began)

    return read


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--steps", type=int, default=4)
    made.add_argument("--images", type=int, default=10_000)
    made.add_argument("--precision", default="32", choices=["32", "bf16-mixed"])
    args = made.parse_args()
    torch.set_num_threads(WORKERS)
    data = images(args.images)
    source = ImageTensors(data.train_images, data.train_labels)
    common = {"model": "Airbench", "batch_size": 256, "precision": args.precision}
    plain = TrialConfig(**common)
    config = TrialConfig(augment=AUGMENT, cutout_size=CUTOUT, **common)
    trained = alternate(
        {name: trainer(c, source, args.steps) for name, c in (("plain", plain), (AUGMENT, config))},
        args.runs,
    )
    alone = alternate({"ours": ours(config, source), "theirs": theirs(data)}, args.runs)
    publish(
        [
            Figure("CPU-seconds an image, Airbench", trained["plain"], "s"),
            Figure("the same with flip, crop and cutout", trained[AUGMENT], "s"),
            Figure(
                "speed with them, relative",
                ratios(trained["plain"], trained[AUGMENT]),
                goal=">= 0.90",
            ),
            Figure("images a second, augmented alone", alone["ours"], "1/s"),
            Figure("the same by torchvision in two workers", alone["theirs"], "1/s"),
            Figure("ours relative to torchvision", ratios(*alone.values()), goal=">= 5"),
        ],
        args.json,
        precision=args.precision,
    )


if __name__ == "__main__":
    main()
