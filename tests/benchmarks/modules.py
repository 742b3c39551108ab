"""A LightningModule as a trial against the same module in a bare `Trainer.fit`, by CPU time.

Both have the Trainer's defaults: a CSV logger and a checkpoint per epoch. The start of Ray and of
its processes does not count; a second trial's start in a warm process does, up to its first batch.
"""

import logging
import tempfile
import time
import warnings
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything

from tests.benchmarks.common import Figure, parser, publish
from tune_mc1.config.user_code import import_object, look_in
from tune_mc1.modules.fit import ModuleTrial, fit

EXAMPLES = Path(__file__).parents[2] / "configs" / "modules"
MODULE, DATA = "lit_digits:LitDigits", "lit_digits:DigitsData"
VALUES: Mapping[str, Any] = {"lr": 0.003, "filters": 32, "batch_size": 32}


class BeganError(BaseException):
    """The first batch is due; the rest of the trial is of no interest."""


def bare(epochs: int) -> float:
    """CPU-seconds of a bare fit."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        began = time.process_time()
        seed_everything(0, workers=True, verbose=False)
        module = import_object(MODULE)(lr=VALUES["lr"], filters=VALUES["filters"])
        data = import_object(DATA)(batch_size=VALUES["batch_size"])
        trainer = Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            devices=1,
            enable_progress_bar=False,
            default_root_dir=folder,
        )
        trainer.fit(module, datamodule=data)
        return time.process_time() - began


def trial(epochs: int) -> float:
    """CPU-seconds of a trial of the same module; until it is broken off, if it is."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        began = time.process_time()
        attempt = ModuleTrial(
            module=MODULE,
            datamodule=DATA,
            trainer={"max_epochs": epochs},
            values=VALUES,
            folder=Path(folder, "own"),
            checkpoints=Path(folder, "checkpoints"),
            metric="val_acc",
            maximize=True,
        )
        with suppress(BeganError):
            fit(attempt, lambda _: False)
        return time.process_time() - began


def start() -> float:
    """CPU-milliseconds of a trial up to its first batch."""
    own: Any = LightningModule.on_train_batch_start

    def stop(*_: Any) -> None:
        raise BeganError

    LightningModule.on_train_batch_start = stop  # type: ignore[method-assign, assignment]
    try:
        return 1000 * trial(1)
    finally:
        LightningModule.on_train_batch_start = own  # type: ignore[method-assign]


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=7)
    made.add_argument("--epochs", type=int, default=40)
    args = made.parse_args()
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    look_in([EXAMPLES])
    bare(1), trial(1)
    ratios = [bare(args.epochs) / trial(args.epochs) for _ in range(args.runs)]
    figures = [
        Figure("speed of a module's trial over a bare Trainer.fit", ratios, goal=">= 0.98"),
        Figure("warm start to first batch", [start() for _ in range(20)], "ms", "<= 100"),
    ]
    publish(figures, args.json, epochs=args.epochs, **VALUES)


if __name__ == "__main__":
    main()
