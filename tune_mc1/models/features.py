"""Features of a frozen backbone: computed once per sweep, shared by its trials as a mapped file."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tune_mc1.file_lock import locked
from tune_mc1.files import replacing


def features_digest(features: Tensor) -> str:
    """Twelve hex digits that tell backbones apart by features of the same few images."""
    return hashlib.sha256(features.cpu().numpy().tobytes()).hexdigest()[:12]


def shared_features(folder: Path | None, name: str, compute: Callable[[], Tensor]) -> Tensor:
    """Features from a file, which the first trial that needs them writes.

    Args:
        folder: Folder shared by the trials of a sweep; None to share nothing.
        name: File name that identifies the features.
        compute: Computes them: float32 (N, F).

    Returns:
        float32 (N, F), on the CPU; memory-mapped, so that a node holds them only once.
    """
    if folder is None:
        return compute()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npy"
    with locked(folder / f".{name}.lock", wait=True):
        if not path.exists():
            features = compute().cpu().numpy()
            with replacing(path) as aside, aside.open("wb") as file:
                np.save(file, features)
    # Copy on write, as PyTorch warns about read-only arrays; nothing is written.
    return torch.from_numpy(np.load(path, mmap_mode="c"))
