"""The folder of data sets."""

import os
from pathlib import Path

from tune_mc1.errors import DataError

HOME_VARIABLE = "TUNE_MC1_DATA"


def data_home(home: Path | None = None) -> Path:
    """The folder of data sets, whether or not it exists.

    Args:
        home: Overrides the default.

    Raises:
        DataError: If neither the variable nor a home directory is set.
    """
    if home is not None:
        return home
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named).expanduser()
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache, "tune_mc1")
    try:
        return Path.home() / ".cache" / "tune_mc1"
    except RuntimeError as error:
        raise DataError(
            f"{HOME_VARIABLE}: must name a folder for images, as there is no home directory"
        ) from error
