"""Every random number of a trial comes from here: one generator per (seed, purpose, position).

No generator is shared between layers, steps or epochs, and none is global. So a trial gives the
same numbers alone, in any sweep, fused with others, or resumed in the middle, and a checkpoint
needs no generator state.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def derive_seed(seed: int, *path: str | int) -> int:
    """A 63-bit seed for one purpose, statistically independent of every other path.

    Args:
        seed: The trial's seed.
        path: What the numbers are for, such as `("dropout", layer, step)`.

    Returns:
        An integer in [0, 2**63), the same on every machine and Python version.
    """
    text = repr((seed, *path)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") >> 1


def uniform(items: "Tensor", seed: int, *path: str | int) -> "Tensor":
    """A number for each item of a batch: SplitMix64 (Steele et al., OOPSLA 2014) at its position.

    Integer arithmetic, so the same on a CPU and a GPU, and without a generator per item.

    Args:
        items: int64, of any shape, such as the indices of images.
        seed: The trial's seed.
        path: What the numbers are for, such as `("flip", epoch)`; another path gives others.

    Returns:
        float64 in [0, 1), in the shape of `items`. Each depends on nothing but its item, the seed
        and the path.
    """
    mixed = items * _GOLDEN + derive_seed(seed, *path)
    mixed = (mixed ^ _shift(mixed, 30)) * _MIX_1
    mixed = (mixed ^ _shift(mixed, 27)) * _MIX_2
    numbers: Tensor = _shift(mixed ^ _shift(mixed, 31), 11).double() * 2.0**-53
    return numbers


_GOLDEN, _MIX_1, _MIX_2 = (
    constant - 2**64 for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
"""SplitMix64's constants as signed integers, whose products wrap around in the same way."""


def _shift(bits: "Tensor", by: int) -> "Tensor":
    """A logical shift to the right; `>>` would drag the sign along."""
    shifted: Tensor = (bits >> by) & (2 ** (64 - by) - 1)
    return shifted
