"""Every random number of a trial comes from here: one generator per (seed, purpose, position).

No generator is shared between layers, steps or epochs, and none is global. So a trial gives the
same numbers alone, in any sweep, fused with others, or resumed in the middle, and a checkpoint
needs no generator state.
"""

from hashlib import blake2b


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
