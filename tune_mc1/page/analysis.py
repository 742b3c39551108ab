"""The process that computes an analysis of a sweep, and writes it as JSON."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tune_mc1.errors import TuneMc1Error

KINDS = {
    "importance": "tune_mc1.reporting.importance_process",
    "mistakes": "tune_mc1.page.mistakes",
}
"""Modules that compute an analysis of the result directory in their command line, by its name."""


def write_analysis(compute: Callable[[Path], dict[str, Any]]) -> None:
    """Computes what the command line asks for.

    Args:
        compute: Computes plain data from a result directory.
    """
    os.nice(10)  # a sweep comes first
    try:
        json.dump(compute(Path(sys.argv[1])), sys.stdout, allow_nan=False)
    except TuneMc1Error as error:
        sys.exit(str(error))
