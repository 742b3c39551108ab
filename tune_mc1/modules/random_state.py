"""State of all random generators that a user's module may draw from."""

import random
from typing import Any

import numpy as np
import torch

State = dict[str, Any]
"""Plain data and tensors."""


def random_state() -> State:
    """The state of Python's, NumPy's and PyTorch's generators in this process."""
    version, internal, after = random.getstate()
    _, keys, position, has_gauss, gauss = np.random.get_state()
    state: State = {
        "python": [version, list(internal), after],
        "numpy": [torch.from_numpy(np.asarray(keys, np.int64)), position, has_gauss, float(gauss)],
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: State) -> None:
    """Sets all generators.

    Args:
        state: From `random_state`.
    """
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    keys, *rest = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
