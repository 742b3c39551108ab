"""A CSV file with paths of images and labels."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.file_source import FileSource
from tune_mc1.data.request import Request
from tune_mc1.data.source import register_source

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Csv(FileSource):
    """The images that a table lists."""

    name = "csv"
    form = "a CSV file"
    keys = ("image", "label", "folder", "mapped")

    def takes(self, spec: str) -> bool:
        """True if the word is an existing file with a table's suffix."""
        path = Path(spec).expanduser()
        return path.suffix.lower() in (".csv", ".tsv") and path.is_file()

    def read(self, request: Request) -> "ImageData":
        """Reads the images.

        Raises:
            DataError: Naming the faulty row or image.
        """
        from tune_mc1.data.csv_files import read_csv

        return read_csv(request.path, request)
