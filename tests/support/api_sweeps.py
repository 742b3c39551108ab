"""A small sweep on digits, for tests of the Python interface."""

from pathlib import Path
from typing import Any

from tests.support.data_digits import write_folders
from tests.support.in_process import sweep_here

SMALL = ("--wandb", "disabled", "--max-concurrent", "1")


def content(images: Path, **parameters: Any) -> dict[str, Any]:
    """A sweep file of two learning rates and one epoch."""
    fixed = {"model": "CNN_simple", "epochs": 1, "batch_size": 16, "image_size": 16, **parameters}
    return {
        "data": str(images),
        "parameters": {
            "learning_rate": {"values": [0.01, 0.03]},
            **{name: {"value": value} for name, value in fixed.items()},
        },
    }


def digits_sweep(folder: Path, **parameters: Any) -> Path:
    """Runs it on Ray in this process; returns the result directory."""
    images = write_folders(folder / "digits", count=120)
    ran = sweep_here(folder, content(images, **parameters), "grid", *SMALL)
    assert ran.status == 0, ran.err
    return ran.root
