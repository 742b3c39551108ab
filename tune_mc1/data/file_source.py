"""Base class of sources of encoded images."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.config.image_files import as_files
from tune_mc1.data.request import Notify, Request
from tune_mc1.data.source import Source

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


class FileSource(Source):
    """A source of encoded images, which brings them to the wanted size as it decodes them."""

    by_path = True
    fixed = False

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Loads the images in their own size."""
        return self.read(Request(as_files(spec), home, notify))

    @abstractmethod
    def read(self, request: Request) -> "ImageData":
        """Loads the images as they are wanted.

        Raises:
            DataError: In one line, naming what is missing, broken or malformed.
        """
