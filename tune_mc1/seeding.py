"""Random numbers of trials: one generator per (seed, purpose, position).

No generator is global or shared between layers, steps or epochs. A trial therefore draws the same
numbers alone, in any sweep, fused with others, or after being resumed, and checkpoints need no
generator state.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def derive_seed(seed: int, *path: str | int) -> int:
    """Derives a 63-bit seed for one purpose, statistically independent of every other path.

    Args:
        seed: The trial's seed.
        path: Purpose of the numbers, such as `("dropout", layer, step)`.

    Returns:
        An integer in [0, 2**63), the same on every machine and Python version.
    """
    text = repr((seed, *path)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") >> 1


def uniform(items: "Tensor", seed: int, *path: str | int) -> "Tensor":
    """Draws a number per item of a batch: SplitMix64 (Steele et al., OOPSLA 2014) at its position.

    Uses integer arithmetic only, so CPU and GPU agree, and no generator per item is needed.

    Args:
        items: int64, of any shape, such as the indices of images.
        seed: The trial's seed.
        path: Purpose of the numbers, such as `("flip", epoch)`; different paths are independent.

    Returns:
        float64 in [0, 1), in the shape of `items`. Each depends only on its item, the seed and the
        path.
    """
    mixed = items * _GOLDEN + derive_seed(seed, *path)
    mixed = (mixed ^ _shift(mixed, 30)) * _MIX_1
    mixed = (mixed ^ _shift(mixed, 27)) * _MIX_2
    numbers: Tensor = _shift(mixed ^ _shift(mixed, 31), 11).double() * 2.0**-53
    return numbers


_GOLDEN, _MIX_1, _MIX_2 = (
    constant - 2**64 for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
"""Constants of SplitMix64 as signed integers, whose products wrap around in the same way."""


def _shift(bits: "Tensor", by: int) -> "Tensor":
    """Logical right shift; `>>` would extend the sign."""
    shifted: Tensor = (bits >> by) & (2 ** (64 - by) - 1)
    return shifted
