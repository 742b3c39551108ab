"""Parquet files that have the paths of images instead of the images."""

from typing import Any


def path_instead(parquet: Any, group: int, place: int, image: str) -> str:
    """What a message says of a row without an image that has a path; empty if it has none.

    Args:
        parquet: The open `pyarrow.parquet.ParquetFile`.
        group: The row group.
        place: The row in it.
        image: The column of images.
    """
    import pyarrow as pa

    kind = parquet.schema_arrow.field(image).type
    if not pa.types.is_struct(kind) or kind.get_field_index("path") < 0:
        return ""
    rows = parquet.read_row_group(group, columns=[f"{image}.path"])[image]
    path = rows[place].as_py()["path"] if rows[place].is_valid else None
    if not (isinstance(path, str) and path.startswith("/")):  # else the name of one that was inside
        return ""
    return (
        f"; it has the path {path} instead, as `to_parquet` of Hugging Face's datasets writes "
        "image files; of what `load_from_disk` gives after `save_to_disk` it writes the images"
    )
