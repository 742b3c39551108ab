"""Compressed images that are decoded when they are looked at."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from tune_mc1.data.decode_image import Encoded, Seen, decode_with
from tune_mc1.data.images import Pixels


class LazyPixels(NDArrayOperatorsMixin):
    """Images of one size, with the interface of a read-only array of uint8.

    A slice is lazy, too; what is chosen in other ways is decoded, each time, and all images are
    where they are computed with, or an array is asked for.

    Args:
        images: The compressed images.
        shape: Height, width and channels of each.
        size: Height and width to which they are brought; None leaves them as they are.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self, images: Sequence[Encoded], shape: tuple[int, int, int], size: int | None
    ) -> None:
        self._images, self._shape, self._size = images, shape, size

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Number of images, height, width, channels."""
        return (len(self._images), *self._shape)

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return LazyPixels(self._images[index], self._shape, self._size)
        if isinstance(index, tuple):
            return np.asarray(self)[index]
        chosen = np.arange(len(self))[index]
        pixels = self._decoded(np.atleast_1d(chosen).ravel())
        return pixels.reshape((*np.shape(chosen), *self._shape))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Pixels:
        """All images.

        Raises:
            ValueError: If no copy may be made.
        """
        if copy is False:
            raise ValueError("images must be decoded to a new array, got copy=False")
        return self._decoded(np.arange(len(self))).astype(dtype or self.dtype, copy=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keys: Any) -> Any:
        """A function of NumPy, or an operator."""
        arrays = [np.asarray(i) if isinstance(i, LazyPixels) else i for i in inputs]
        return getattr(ufunc, method)(*arrays, **keys)

    def __getattr__(self, name: str) -> Any:
        """What else an array has, such as `mean`."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def _decoded(self, chosen: np.ndarray[Any, Any]) -> Pixels:
        out = np.empty((len(chosen), *self._shape), np.uint8)
        for place, i in enumerate(chosen):
            out[place] = decode_with(self._images[i], self._size, Seen())
        return out
