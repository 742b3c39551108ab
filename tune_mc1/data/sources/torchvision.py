"""`torchvision:NAME`: a data set of `torchvision.datasets` that is on disk."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.config.image_files import as_files
from tune_mc1.data.home import data_home
from tune_mc1.data.request import Notify, Request
from tune_mc1.data.source import Source, register_source
from tune_mc1.data.sources.cifar10 import check_home

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData

PREFIX = "torchvision:"


@register_source
class Torchvision(Source):
    """A data set that torchvision reads from the folder of data sets."""

    name = "torchvision"
    fixed = False
    form = "torchvision:NAME"

    def takes(self, spec: str) -> bool:
        """True if the word begins with `torchvision:`."""
        return spec.startswith(PREFIX)

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks the name's form, and the folder of data sets."""
        if not spec.removeprefix(PREFIX).isidentifier():
            return f"must name a class of torchvision.datasets, got {spec!r}"
        return check_home(data_home(home))

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Reads the data set in its own size."""
        return self.read(Request(as_files(spec), home, notify))

    def read(self, request: Request) -> "ImageData":
        """Reads the data set.

        Raises:
            DataError: If it is not on disk.
        """
        from tune_mc1.data.torchvision_files import read_torchvision

        name = request.files.path.removeprefix(PREFIX)
        return read_torchvision(name, data_home(request.home), request)
