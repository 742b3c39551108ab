"""shapes10: ten noisy, textured shapes, generated in memory, so that a sweep needs no data on disk.

Uses only arithmetic that IEEE 754 defines exactly (no sine, no exponential) and raw random bytes,
so that the images are the same on every platform and with every version of NumPy.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tune_mc1.data.images import ImageData, Pixels

Floats = NDArray[np.float32]
Shape = Callable[[Floats, Floats], NDArray[np.bool_]]

SIDE = 32
TRAIN_IMAGES = 8_000
TEST_IMAGES = 2_000
_SEED = 10
_SHIFT = 5.0  # pixels, either way
_SIZES = (6.0, 11.0)  # radius in pixels
_TILT = 0.2  # tangent of half the angle, either way: 23 degrees
_CONTRAST = (0.1, 0.4)  # of the full range, in each channel
_TEXTURE = 0.6  # maximum height of the stripes
_NOISE = 0.23  # of the full range, uniform, either way


def _ring(u: Floats, v: Floats) -> NDArray[np.bool_]:
    square = u * u + v * v
    return (square < 1) & (square > 0.36)


def _box(u: Floats, v: Floats) -> Floats:
    return np.maximum(np.abs(u), np.abs(v))


_SHAPES: dict[str, Shape] = {
    "disc": lambda u, v: u * u + v * v < 1,
    "ring": _ring,
    "square": lambda u, v: _box(u, v) < 0.87,
    "frame": lambda u, v: (_box(u, v) < 0.9) & (_box(u, v) > 0.55),
    "triangle": lambda u, v: (v < 0.8) & (2 * np.abs(u) < v + 0.95),
    "plus": lambda u, v: (_box(u, v) < 1) & (np.minimum(np.abs(u), np.abs(v)) < 0.28),
    "cross": lambda u, v: (_box(u, v) < 0.9) & (np.abs(np.abs(u) - np.abs(v)) < 0.32),
    "bars": lambda u, v: (_box(u, v) < 0.95) & (np.abs(v) > 0.35),
    "half": lambda u, v: (u * u + v * v < 1) & (v > -0.1),
    "checker": lambda u, v: (_box(u, v) < 0.95) & (u * v > 0),
}
"""Membership tests of shapes of about unit radius at the origin, of equal area where possible."""


def generate_shapes10() -> ImageData:
    """Generates 8,000 training and 2,000 test images, 32x32x3, with classes of equal size.

    Shapes differ in position, size and tilt; shape and background each have a random colour and a
    random striped texture; noise covers both. Colour and brightness do not depend on the class.
    """
    rng = np.random.Generator(np.random.PCG64(_SEED))
    count = TRAIN_IMAGES + TEST_IMAGES
    labels = np.arange(count) % len(_SHAPES)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for c, shape in enumerate(_SHAPES.values()):
        images[c :: len(_SHAPES)] = _draw(shape, count // len(_SHAPES), rng)
    split = [TRAIN_IMAGES]
    train, test = zip(np.split(images, split), np.split(labels, split), strict=True)
    return ImageData.build("shapes10", train, test, tuple(_SHAPES))


def _draw(shape: Shape, count: int, rng: np.random.Generator) -> Pixels:
    """One class: uint8 (count, 32, 32, 3)."""

    def uniform(low: float, high: float, *shape: int) -> Floats:
        return (low + (high - low) * rng.random((count, *shape))).astype(np.float32)

    axis = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    x = axis[None, None, :] - uniform(-_SHIFT, _SHIFT, 1, 1)
    y = axis[None, :, None] - uniform(-_SHIFT, _SHIFT, 1, 1)
    size, t = uniform(*_SIZES, 1, 1), uniform(-_TILT, _TILT, 1, 1)
    # The rational form of the unit circle: a cosine may differ in its last bit between machines.
    cos, sin = (1 - t * t) / (1 + t * t) / size, 2 * t / (1 + t * t) / size
    inside = shape(cos * x + sin * y, cos * y - sin * x)

    def stripes() -> Floats:
        """Triangular waves of random direction, width and strength, (count, 32, 32)."""
        phase = uniform(-0.3, 0.3, 1, 1) * x + uniform(-0.3, 0.3, 1, 1) * y
        phase -= np.floor(phase)
        phase -= np.float32(0.5)
        height: Floats = np.abs(phase) - np.float32(0.25)
        return uniform(0, _TEXTURE, 1, 1) * height

    sign = np.where(rng.random((count, 1, 1, 1)) < 0.5, -1, 1).astype(np.float32)
    picture = inside[..., None] * (sign * uniform(*_CONTRAST, 1, 1, 3))
    picture += uniform(0.3, 0.7, 1, 1, 3)  # the colour of the background
    picture += np.where(inside, stripes(), stripes())[..., None]
    noise = np.frombuffer(rng.bytes(picture.size), np.uint8).reshape(picture.shape)
    picture += noise * np.float32(2 * _NOISE / 255)
    picture -= np.float32(_NOISE)
    picture *= 255
    return np.clip(picture, 0, 255, out=picture).astype(np.uint8)
