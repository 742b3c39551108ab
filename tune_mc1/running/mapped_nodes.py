"""Mapped images on every node of a cluster: copied from the driver's, once a node."""

from typing import Any

import numpy as np
import ray

from tune_mc1.data.decode import Allocate
from tune_mc1.data.decoding import opened
from tune_mc1.data.images import ImageData, Pixels
from tune_mc1.data.mapped import MappedFile, find_mapped, make_mapped

BLOCK_BYTES = 64 * 2**20
"""Bytes that a node asks for at a time."""


class Blocks:
    """Actor on the driver's node that reads the images.

    Args:
        mapped: Their file.
    """

    def __init__(self, mapped: MappedFile) -> None:
        self._images = mapped.map()

    def read(self, start: int, stop: int) -> Pixels:
        """Images at positions `start` to `stop`."""
        return np.array(self._images[start:stop])


def serve(data: ImageData) -> Any:
    """Starts the actor for a data set; None if it is not mapped."""
    if data.mapped is None:
        return None
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(Blocks).options(num_cpus=0, scheduling_strategy=here)
    return actor.remote(data.mapped)


def images_here(data: ImageData, blocks: Any = None) -> ImageData:
    """A data set from the driver, with its images: its file, or this node's copy of it.

    Args:
        data: What `tune_mc1.data.decoding.portable` gave.
        blocks: The actor that reads the images; None if the driver's file is on this node.

    Raises:
        DataError: If they cannot be copied, or are others.
    """
    mapped = data.mapped
    if mapped is None or blocks is None or mapped.pixels.exists():
        return opened(data)
    copy = find_mapped(data.name, mapped.key)
    if copy is None:
        print(f"the decoded images are copied to this node ({mapped.size:,} bytes)")
        copy = make_mapped(
            data.name,
            mapped.key,
            lambda allocate: _copied(mapped, blocks, allocate),
            lambda _: mapped.fingerprint,
        )
    return opened(data, copy)


def _copied(mapped: MappedFile, blocks: Any, allocate: Allocate) -> Pixels:
    out, count = allocate(mapped.shape), mapped.shape[0]
    step = max(1, BLOCK_BYTES * count // max(mapped.size, 1))
    starts = range(0, count, step)
    ahead = blocks.read.remote(0, step)
    for start in starts:  # one block is on its way while another is written
        block, ahead = ahead, blocks.read.remote(start + step, start + 2 * step)
        out[start : start + step] = ray.get(block)
    return out
