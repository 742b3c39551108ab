"""`cifar10`: from disk, or downloaded."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.config.image_files import as_files
from tune_mc1.data.home import HOME_VARIABLE, data_home
from tune_mc1.data.request import Notify, Request
from tune_mc1.data.source import Source, register_source
from tune_mc1.errors import DataError

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Cifar10(Source):
    """CIFAR-10, from the folder of data sets or its public source."""

    name = "cifar10"
    certain = True

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks the folder of data sets."""
        try:
            return check_home(data_home(home))
        except DataError as error:
            return str(error)

    def needs_network(self, spec: str, home: Path | None) -> bool:
        """True if there is no copy on disk."""
        from tune_mc1.data.cifar10_files import find_cifar10

        return find_cifar10(data_home(home)) is None

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Reads all images."""
        return self.read(Request(as_files(spec), home, notify))

    def read(self, request: Request) -> "ImageData":
        """Reads the copy on disk, or downloads one.

        Raises:
            DataError: If it cannot be downloaded, or is broken.
        """
        try:
            copy = find_or_fetch(request.home, request.notify)
        except DataError as error:
            raise DataError(
                f"data: cifar10 is not on disk and could not be downloaded ({error}); set "
                f"{HOME_VARIABLE} to a folder that contains it, or use 'data: shapes10'"
            ) from error
        from tune_mc1.data.cifar10_files import read_cifar10

        return read_cifar10(copy, request)


def check_home(folder: Path) -> str | None:
    """Checks that the folder of data sets can be read, if it exists."""
    try:
        if folder.exists() and not folder.is_dir():
            return f"{HOME_VARIABLE} must name a folder, got {str(folder)!r}"
        if folder.is_dir():
            os.scandir(folder).close()
    except OSError as error:
        return f"{HOME_VARIABLE} must name a readable folder: {error}"
    return None


def find_or_fetch(home: Path | None, notify: Notify) -> Path:
    """The copy of CIFAR-10 on disk, downloaded if necessary.

    Args:
        home: Folder of data sets, as in `load_data`.
        notify: Called with each notice for the user.

    Raises:
        DataError: If it cannot be downloaded.
    """
    from tune_mc1.data.cifar10_files import find_cifar10
    from tune_mc1.data.download import download_cifar10

    folder = data_home(home)
    return find_cifar10(folder) or download_cifar10(folder, notify)
