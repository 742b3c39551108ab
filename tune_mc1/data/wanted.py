"""What the trials of a sweep want of its images: their size, and the means of their channels."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tune_mc1.config.parameters import listed_values
from tune_mc1.config.sweep import Sweep
from tune_mc1.data.images import ImageData, Pixels, Statistics

_BLOCK = 4096


def decoded_size(sweep: Sweep) -> int | None:
    """Height and width at which images are decoded: the largest `image_size` of any trial.

    None if a trial takes the images as they are. It does not depend on the settings that a search
    draws, so that these do not change each other's images.
    """
    parameter = sweep.parameters.get("image_size")
    if parameter is None:
        return None
    listed = listed_values(parameter)
    if listed:
        return None if None in listed else int(max(listed))
    ends = getattr(parameter, "ends", None)
    return math.floor(ends[1]) if ends is not None else None


def with_statistics(data: ImageData, sweep: Sweep) -> ImageData:
    """The data set with the statistics of its training images, if a trial needs them."""
    if "dataset" not in listed_values(sweep.parameters.get("normalize")):
        return data
    return replace(data, statistics=channel_statistics(data.train_images))


def channel_statistics(images: Pixels) -> Statistics:
    """Mean and standard deviation of each channel, exact, on a scale from 0 to 1.

    Args:
        images: uint8 (N, height, width, channels).
    """
    channels = images.shape[3]
    counts = np.zeros((channels, 256), np.int64)
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        for c in range(channels):
            counts[c] += np.bincount(block[..., c].ravel(), minlength=256)
    values = np.arange(256) / 255
    means = counts @ values / counts.sum(axis=1)
    spread = (counts * (values - means[:, None]) ** 2).sum(axis=1) / counts.sum(axis=1)
    return tuple(map(float, means)), tuple(map(float, np.sqrt(spread)))


def input_problems(sweep: Sweep, data: ImageData) -> Iterator[str]:
    """Why images cannot be normalised as a trial wants it."""
    wanted = listed_values(sweep.parameters.get("normalize"))
    channels = data.image_shape[0]
    if "imagenet" in wanted and channels != 3:
        rule = "imagenet is for images with 3 channels"
        yield f"parameters.normalize: {rule}, got {channels} in {data.name}"
    if data.statistics is not None and 0 in data.statistics[1]:
        channel = data.statistics[1].index(0)
        rule = "dataset needs channels that vary"
        yield f"parameters.normalize: {rule}, got channel {channel} of {data.name} with one value"
