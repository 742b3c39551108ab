"""`auto`: CIFAR-10 if it is on disk or can be downloaded, else shapes10."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.home import HOME_VARIABLE, data_home
from tune_mc1.data.request import Request
from tune_mc1.data.source import SOURCES, register_source
from tune_mc1.data.sources.cifar10 import Cifar10, check_home, find_or_fetch
from tune_mc1.errors import DataError

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Auto(Cifar10):
    """CIFAR-10, or shapes10 as a fallback."""

    name = "auto"
    certain = True
    fixed = False

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks the folder of data sets, if there is one."""
        try:
            return check_home(data_home(home))
        except DataError:
            return None

    def read(self, request: Request) -> "ImageData":
        """Reads CIFAR-10, or generates shapes10 with a notice.

        Raises:
            DataError: If the copy of CIFAR-10 is broken.
        """
        try:
            copy = find_or_fetch(request.home, request.notify)
        except DataError as error:
            request.notify(
                f"no CIFAR-10 ({error}). These results are for shapes10, GENERATED pictures of ten "
                f"shapes, not photographs. Set {HOME_VARIABLE} to a folder that contains CIFAR-10."
            )
            return SOURCES["shapes10"].load("shapes10", request.home, request.notify)
        from tune_mc1.data.cifar10_files import read_cifar10

        return read_cifar10(copy, request)
