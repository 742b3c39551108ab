"""Images that occur in two splits, which make scores look better than they are."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from tune_mc1.data.images import ImageData, Pixels

KEY_BYTES = 256
"""Bytes from the middle of each image by which equal ones are looked for; a whole image is only
read where they agree, as images may be mapped from disk."""


def equal_across_splits(data: ImageData) -> list[str]:
    """Says how many images of a split are pixel for pixel in another one as well.

    Args:
        data: The images.

    Returns:
        A line for each pair of splits that share images.
    """
    words = {"train": "training", "val": "validation", "test": "test"}
    names = list(data.splits)
    lines = []
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            images = data.splits[other][0]
            if count := int(_shared(data.splits[one][0], images).sum()):
                lines.append(
                    f"data: {count:,} of the {len(images):,} {words[other]} images are also "
                    f"{words[one]} images, pixel for pixel"
                )
    return lines


def _shared(images: Pixels, others: Pixels) -> NDArray[np.bool_]:
    """Which of `others` are among `images`."""
    keys, other_keys = _keys(images), _keys(others)
    here = np.flatnonzero(np.isin(keys, other_keys))
    there = np.flatnonzero(np.isin(other_keys, keys))
    digests = {_digest(images[index]) for index in here}
    shared = np.zeros(len(others), bool)
    shared[there] = [_digest(others[index]) in digests for index in there]
    return shared


def _digest(image: Pixels) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest()


def _keys(images: Pixels) -> NDArray[np.void]:
    """Some bytes of each image, as one value that can be sorted and compared."""
    flat = images.reshape(len(images), -1)
    start = max(0, flat.shape[1] // 2 - KEY_BYTES // 2)
    part = np.ascontiguousarray(flat[:, start : start + KEY_BYTES])
    return part.view(np.dtype((np.void, part.shape[1])))[:, 0]
