"""A parquet file of compressed images."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.file_source import FileSource
from tune_mc1.data.request import Request
from tune_mc1.data.source import must_be, register_source

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData

OTHER_FILES = (".csv", ".tsv", ".npz")


@register_source
class Parquet(FileSource):
    """A single file; a folder of parquet files is a `Folder`."""

    name = "parquet"
    form = "a parquet file"
    keys = ("image", "label", "mapped")

    def takes(self, spec: str) -> bool:
        """True if the word is an existing file, unless another source reads its kind."""
        path = Path(spec).expanduser()
        return path.is_file() and path.suffix.lower() not in OTHER_FILES

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks the file's name."""
        if Path(spec).suffix == ".parquet":
            return None
        return f"{must_be(spec)} (a file of another kind)"

    def read(self, request: Request) -> "ImageData":
        """Reads the file.

        Raises:
            DataError: Naming the faulty row.
        """
        from tune_mc1.data.parquet_files import read_parquet

        return read_parquet(request.path, request)
