"""A NumPy archive of images and labels, such as MedMNIST's."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.request import Notify
from tune_mc1.data.source import Source, register_source

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Npz(Source):
    """Arrays in one file."""

    name = "npz"
    fixed = False
    by_path = True
    form = "an .npz file"

    def takes(self, spec: str) -> bool:
        """True if the word is an existing archive."""
        path = Path(spec).expanduser()
        return path.suffix.lower() == ".npz" and path.is_file()

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Reads the archive.

        Raises:
            DataError: Naming the faulty array.
        """
        from tune_mc1.data.npz_files import read_npz

        return read_npz(Path(spec).expanduser(), notify)
