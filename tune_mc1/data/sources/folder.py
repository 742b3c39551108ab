"""A folder: one directory per class, parquet files, or the original files of CIFAR-10."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.source import Notify, Source, must_be, register_source

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Folder(Source):
    """The user's images in a folder, in any supported form."""

    name = "folder"
    fixed = False
    by_path = True
    form = "a folder"

    def takes(self, spec: str) -> bool:
        """True if the word is an existing folder."""
        return Path(spec).expanduser().is_dir()

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks that the folder may contain images."""
        if any(p.is_dir() or _is_data_file(p) for p in Path(spec).expanduser().iterdir()):
            return None
        return f"{must_be(spec)} (neither folders nor parquet files in it)"

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Reads the folder.

        Raises:
            DataError: Naming the faulty file.
        """
        from tune_mc1.data.cifar10_files import find_batches, read_cifar10
        from tune_mc1.data.image_folders import read_folders
        from tune_mc1.data.parquet_files import parquet_files, read_parquet

        path = Path(spec).expanduser()
        if batches := find_batches(path):
            return read_cifar10(batches, notify)
        if parquet_files(path):
            return read_parquet(path, notify)
        return read_folders(path, notify)


def _is_data_file(path: Path) -> bool:
    return path.suffix == ".parquet" or path.name.startswith("data_batch_")
