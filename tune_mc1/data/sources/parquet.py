"""A parquet file of compressed images."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.source import Notify, Source, must_be, register_source

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Parquet(Source):
    """A single file; a folder of parquet files is a `Folder`."""

    name = "parquet"
    fixed = False
    by_path = True
    form = "a parquet file"

    def takes(self, spec: str) -> bool:
        """True if the word is an existing file."""
        return Path(spec).expanduser().is_file()

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks the file's name."""
        if Path(spec).suffix == ".parquet":
            return None
        return f"{must_be(spec)} (a file of another kind)"

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Reads the file.

        Raises:
            DataError: Naming the faulty row.
        """
        from tune_mc1.data.parquet_files import read_parquet

        return read_parquet(Path(spec).expanduser(), notify)
