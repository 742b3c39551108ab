"""The images in Ray's memory, once for all sweeps of a process on a Ray that goes on."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import ray

from tune_mc1.data.decoding import portable
from tune_mc1.data.images import ImageData


@dataclass
class _Kept:
    """References to images in the memory of the Ray to which this process is connected."""

    session: Hashable = None
    images: dict[Hashable, Any] = field(default_factory=dict)


_kept = _Kept()


def put_images(data: ImageData) -> Any:
    """Puts a data set into Ray's memory, unless an earlier sweep of this process has.

    Ray Tune (2.60) keeps what it passes to trials until the process disconnects from Ray, so that
    each sweep would add its images to those of all before it.

    Returns:
        The reference.
    """
    context = ray.get_runtime_context()
    session = context.gcs_address, context.get_job_id()
    if _kept.session != session:
        _kept.session, _kept.images = session, {}
    about = _about(data)
    if about not in _kept.images:
        _kept.images[about] = ray.put(portable(data))
    return _kept.images[about]


def _about(data: ImageData) -> Hashable:
    """All that makes two data sets the same for a trial."""
    sizes = tuple((split, images.shape) for split, (images, _) in data.splits.items())
    return (
        *(data.name, data.fingerprint, data.classes, data.part, sizes),
        *(repr(data.statistics), repr(data.mapped)),
    )
