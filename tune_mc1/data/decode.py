"""Decoding of compressed images to one array."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tune_mc1.data.decode_image import Encoded, Seen, decode_with
from tune_mc1.data.decode_processes import BLOCK, decode_in_processes, processes_for
from tune_mc1.data.images import Labels, Pixels
from tune_mc1.errors import DataError

_BLOCK = 256

SMALL = 128 * 128
"""Pixels under which Pillow takes as long in Python as in its decoder."""

Allocate = Callable[[tuple[int, ...]], Pixels]


class _ColourAmongGreyError(Exception):
    """An RGB image where the first one was greyscale."""


def decode_all(
    images: Sequence[Encoded],
    size: int | None = None,
    *,
    notify: Callable[[str], None] = lambda _: None,
    place: Labels | None = None,
    allocate: Allocate = lambda shape: np.empty(shape, np.uint8),
) -> Pixels:
    """All images as one array.

    Args:
        images: At least one compressed image; all of the same height and width, unless `size` is
            given.
        size: Height and width to which every image is brought (`tune_mc1.data.resize`).
        notify: Called with what was changed in images: rotated, scaled, without alpha.
        place: Position of each image in the array; None keeps the order.
        allocate: Makes the array of a shape.

    Returns:
        uint8 (N, height, width, channels): 1 channel if all are greyscale, else 3.

    Raises:
        DataError: Naming the first image that is broken or differs in size from the first one.
    """
    shape = decoded_shape(images[0], size)
    seen = Seen()
    try:
        out = _fill(images, shape, size, seen, allocate, place)
    except _ColourAmongGreyError:
        seen = Seen()
        out = _fill(images, (*shape[:2], 3), size, seen, allocate, place)
    for notice in seen.notices:
        notify(notice)
    return out


def decoded_shape(image: Encoded, size: int | None) -> tuple[int, int, int]:
    """Height, width and channels of an image as it will be decoded."""
    height, width, channels = decode_with(image, size, Seen()).shape
    return height, width, channels


def _fill(
    images: Sequence[Encoded],
    shape: tuple[int, int, int],
    size: int | None,
    seen: Seen,
    allocate: Allocate,
    place: Labels | None,
) -> Pixels:
    out = allocate((len(images), *shape))

    def fill(start: int) -> None:
        for i, image in enumerate(images[start : start + _BLOCK], start):
            pixels = decode_with(image, size, seen)
            height, width, channels = pixels.shape
            if (height, width) != shape[:2]:
                raise DataError(
                    f"{image.where}: all images must have the size {shape[1]}x{shape[0]} as in "
                    f"{images[0].where}, got {width}x{height} (parameters.image_size resizes them)"
                )
            if channels > shape[2]:
                raise _ColourAmongGreyError
            out[i if place is None else place[i]] = pixels

    starts, cores = range(0, len(images), _BLOCK), _cores()
    if shape[0] * shape[1] < SMALL:
        _fill_small(images, size, out, place, fill, cores)
        return out
    with ThreadPoolExecutor(cores) as pool:
        # In rounds, as an exiting process waits for all tasks of a pool. Results come in order, so
        # the first faulty image of the data set is reported.
        for first in range(0, len(starts), cores):
            list(pool.map(fill, starts[first : first + cores]))
    return out


def _fill_small(
    images: Sequence[Encoded],
    size: int | None,
    out: Pixels,
    place: Labels | None,
    fill: Callable[[int], None],
    cores: int,
) -> None:
    """Decodes small images, in several processes if there are many; threads gain nothing."""
    processes = processes_for(images, cores)
    blocks: Iterable[int] = range(0, len(images), BLOCK)
    if processes > 1:

        def store(start: int, pixels: Pixels) -> None:
            end = start + len(pixels)
            out[slice(start, end) if place is None else place[start:end]] = pixels

        height, width, channels = out.shape[1:]
        shape = (height, width, channels)
        blocks = decode_in_processes(images, shape, size, processes, store)
    for block in blocks:
        for start in range(block, min(block + BLOCK, len(images)), _BLOCK):
            fill(start)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
