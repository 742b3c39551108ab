"""`cifar10`: on disk, else fetched."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.source import HOME_VARIABLE, Notify, Source, data_home, register_source
from tune_mc1.errors import DataError

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Cifar10(Source):
    """CIFAR-10, from the folder of images or its public source."""

    name = "cifar10"

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks the folder of images."""
        try:
            return check_home(data_home(home))
        except DataError as error:
            return str(error)

    def needs_network(self, spec: str, home: Path | None) -> bool:
        """Whether there is no copy on this disk."""
        from tune_mc1.data.cifar10_files import find_cifar10

        return find_cifar10(data_home(home)) is None

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Reads the copy on disk, or fetches it.

        Raises:
            DataError: If there is none and it cannot be fetched, or it is broken.
        """
        try:
            copy = find_or_fetch(home, notify)
        except DataError as error:
            raise DataError(
                f"data: cifar10 is neither on disk nor to be had ({error}); {HOME_VARIABLE} can "
                "name a folder that holds it, and 'data: shapes10' needs none"
            ) from error
        from tune_mc1.data.cifar10_files import read_cifar10

        return read_cifar10(copy, notify)


def check_home(folder: Path) -> str | None:
    """Checks that the folder of images, if it is there, can be read."""
    try:
        if folder.exists() and not folder.is_dir():
            return f"{HOME_VARIABLE} must name a folder, got {str(folder)!r}"
        if folder.is_dir():
            os.scandir(folder).close()
    except OSError as error:
        return f"{HOME_VARIABLE} must name a folder that can be read: {error}"
    return None


def find_or_fetch(home: Path | None, notify: Notify) -> Path:
    """The copy of CIFAR-10 on this disk.

    Args:
        home: Where images are kept, as in `load_data`.
        notify: Takes what the user should know.

    Raises:
        DataError: If there is none and it cannot be fetched.
    """
    from tune_mc1.data.cifar10_files import find_cifar10
    from tune_mc1.data.download import download_cifar10

    folder = data_home(home)
    return find_cifar10(folder) or download_cifar10(folder, notify)
