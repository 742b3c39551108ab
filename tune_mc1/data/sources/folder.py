"""A folder: one directory per class, parquet files, or the original files of CIFAR-10."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.file_source import FileSource
from tune_mc1.data.request import Request
from tune_mc1.data.source import must_be, register_source
from tune_mc1.errors import DataError

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Folder(FileSource):
    """The user's images in a folder, in any supported form."""

    name = "folder"
    form = "a folder"
    keys = ("image", "label", "splits", "mapped")

    def takes(self, spec: str) -> bool:
        """True if the word is an existing folder."""
        return Path(spec).expanduser().is_dir()

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks that the folder may contain images."""
        inside = sorted(Path(spec).expanduser().iterdir())
        if any(p.is_dir() or _is_data_file(p) for p in inside):
            return None
        tables = [p for p in inside if p.suffix.lower() in (".csv", ".tsv")]
        hint = f"; {tables[0].name} can be named instead, if it lists images" if tables else ""
        return f"{must_be(spec)} (neither folders nor parquet files in it{hint})"

    def read(self, request: Request) -> "ImageData":
        """Reads the folder.

        Raises:
            DataError: Naming the faulty file.
        """
        from tune_mc1.data.cifar10_files import find_batches, read_cifar10
        from tune_mc1.data.image_folders import read_folders
        from tune_mc1.data.parquet_files import parquet_place, read_parquet

        path = request.path
        if batches := find_batches(path):
            return read_cifar10(batches, request)
        if place := parquet_place(path):
            _refuse(request, ("splits",), "class folders", "parquet files")
            return read_parquet(place, request)
        _refuse(request, ("image", "label"), "parquet files", "class folders")
        return read_folders(path, request)


def _refuse(request: Request, keys: tuple[str, ...], takers: str, found: str) -> None:
    for key in keys:
        if key in request.files.given:
            rule = f"is only valid with {takers}, and {request.path} has {found}"
            raise DataError(f"data.{key}: {rule}, got {request.files.given[key]}")


def _is_data_file(path: Path) -> bool:
    return path.suffix == ".parquet" or path.name.startswith("data_batch_")
