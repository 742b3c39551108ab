"""The images of a sweep that has run, without a download."""

from tune_mc1.config.image_files import as_files
from tune_mc1.config.sweep import Sweep
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import find_source, fixed_source, load_data
from tune_mc1.data.wanted import decoded_size
from tune_mc1.errors import DataError


def images_on_disk(sweep: Sweep, name: str, *, lazy: bool = False) -> ImageData:
    """The data set of a sweep, if that takes no network.

    Args:
        sweep: The sweep.
        name: Name of the data set in its results, for which `auto` may stand.
        lazy: Whether images are decoded when they are looked at, if all have been before here.

    Raises:
        DataError: If the images are not on this disk, or cannot be used.
    """
    spec = sweep.data
    source = find_source(spec)
    if (
        isinstance(spec, str)
        and source is not None
        and not source.by_path
        and fixed_source(name) is not None
    ):
        spec, source = name, fixed_source(name)
    if source is not None and source.needs_network(as_files(spec).path, None):
        raise DataError(f"{name} is not on this disk")
    size, part = decoded_size(sweep), sweep.limit_images
    return load_data(spec, notify=lambda _: None, image_size=size, part=part, lazy=lazy)
