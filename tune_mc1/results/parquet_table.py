"""Reading of parquet files without pandas.

`pyarrow.parquet.read_table` and an array's `to_numpy` import it, which takes longer than everything
else that `list` and `show` do.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole file, or some of its columns.

    Args:
        path: The file.
        columns: Names of the columns; None for all.

    Raises:
        OSError: If it cannot be read.
        pa.ArrowInvalid: If it is not a parquet file.
    """
    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=None if columns is None else list(columns))
    except pa.ArrowInvalid as error:
        raise pa.ArrowInvalid(f"{path.name}: {error}") from None


def integers(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """A column of integers without nulls.

    Args:
        table: A table.
        name: Name of the column.
    """
    return np.from_dlpack(table[name].combine_chunks()).astype(np.int64)
