"""Predicted classes of images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

Images: TypeAlias = (
    "str | Path | Image | Sequence[str] | Sequence[Path] | Sequence[Image] | NDArray[np.uint8]"
)
"""What can be predicted."""


@dataclass(frozen=True, repr=False)
class Predictions:
    """Predictions of some images.

    Attributes:
        probabilities: Probability of each class, float32 (N, classes).
        classes: Names of the classes.
        paths: The files, if the images are files.
    """

    probabilities: NDArray[np.float32]
    classes: tuple[str, ...]
    paths: tuple[Path, ...] | None = None

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def indices(self) -> NDArray[np.int64]:
        """Index of the most probable class, int64 (N,)."""
        found: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return found

    @property
    def labels(self) -> list[str]:
        """Name of the most probable class of each image."""
        return [self.classes[i] for i in self.indices]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """Probability of that class, float32 (N,)."""
        found: NDArray[np.float32] = self.probabilities.max(axis=1)
        return found

    def to_frame(self) -> "pd.DataFrame":
        """A row per image: `path` if the images are files, `predicted` and `confidence`."""
        import pandas as pd

        paths = {} if self.paths is None else {"path": [str(path) for path in self.paths]}
        return pd.DataFrame({**paths, "predicted": self.labels, "confidence": self.confidence})

    def __repr__(self) -> str:
        return f"{len(self)} predictions\n{self.to_frame()!r}"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(max_rows=20))
