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
        slots: Number of groups that run concurrently.
    """

    group: Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]]
    limit: int = 1
    usual: int = 1
    slots: int = 1

    def size(self, left: float, independent: int) -> int:
        """Number of settings that are suggested now.

        Args:
            left: Settings that the sweep still needs; no group is so large that others have none.
            independent: Number of next settings that do not depend on results.
        """
        size = min(self.limit, max(self.usual, independent))
        return size if math.isinf(left) else max(1, min(size, math.ceil(left / self.slots)))


ALONE = Batches(group=lambda trials: [[trial] for trial in trials])
"""Each setting is trained alone."""


def batches(
    fuse: Literal["auto", "off"] | int,
    group: Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]],
    slots: int,
    most: int | None,
    *,
    gpu: bool,
) -> Batches:
    """Batches of a sweep of our own training.

    Args:
        fuse: The sweep's `fuse`.
        group: As in `Batches`.
        slots: Number of groups that run concurrently.
        most: Maximum number of concurrent trials; None for no limit.
        gpu: Whether groups run on a GPU.
    """
    if fuse == "off":
        return ALONE
    if fuse == "auto":
        limit, usual = (GPU_LIMIT, USUAL_GPU) if gpu else (CPU_LIMIT, USUAL)
        room = limit if most is None else max(1, most // slots)
    else:
        limit = usual = fuse
        room = limit if most is None else most
    return Batches(group, min(limit, room), min(usual, room), slots)
