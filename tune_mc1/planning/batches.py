"""How many settings a search that learns suggests at once, to be trained as one model."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.planning.fusion import CPU_LIMIT, GPU_LIMIT

USUAL = 4
"""Settings that are suggested at once on a CPU with `fuse: auto`. Four save most of the time that
fusing can save; with more, the search would know less when it suggests them."""

USUAL_GPU = 16
"""The same on a GPU."""


@dataclass(frozen=True)
class Batches:
    """How suggested settings become groups.

    Attributes:
        group: Divides new trials into groups that are trained together.
        limit: Maximum number of settings that are suggested at once; 1 trains each alone.
        usual: Their number once the search depends on results.
        slots: Number of groups that run concurrently at full speed.
        at_once: Maximum number of groups that run concurrently. No further one is suggested before
            one of these ends, so that each suggestion knows as much as it can; None for no limit.
    """

    group: Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]]
    limit: int = 1
    usual: int = 1
    slots: int = 1
    at_once: int | None = None

    def size(self, left: float, independent: int) -> int:
        """Number of settings that are suggested now.

        Args:
            left: Settings that the sweep still needs; no group is so large that others have none.
            independent: Number of next settings that do not depend on results.
        """
        size = min(self.limit, max(self.usual, independent))
        return size if math.isinf(left) else max(1, min(size, math.ceil(left / self.slots)))


def alone(at_once: int | None = None) -> Batches:
    """Batches of one setting each.

    Args:
        at_once: As in `Batches`.
    """
    return Batches(group=lambda trials: [[trial] for trial in trials], at_once=at_once)


def batches(
    fuse: Literal["auto", "off"] | int,
    group: Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]],
    slots: int,
    most: int | None,
    *,
    gpu: bool,
    at_once: int | None = None,
) -> Batches:
    """Batches of a sweep of our own training.

    Args:
        fuse: The sweep's `fuse`.
        group: As in `Batches`.
        slots: As in `Batches`.
        most: Maximum number of concurrent trials; None for no limit.
        gpu: Whether groups run on a GPU.
        at_once: As in `Batches`.
    """
    if fuse == "off":
        return alone(at_once)
    if fuse == "auto":
        limit, usual = (GPU_LIMIT, USUAL_GPU) if gpu else (CPU_LIMIT, USUAL)
        room = limit if most is None else max(1, most // slots)
    else:
        limit = usual = fuse
        room = limit if most is None else most
    return Batches(group, min(limit, room), min(usual, room), slots, at_once)
