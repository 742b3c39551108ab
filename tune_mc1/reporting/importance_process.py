"""Importance of each parameter for the page, computed in a process of its own."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_mc1.errors import InputError
from tune_mc1.page.analysis import write_analysis

if TYPE_CHECKING:
    from tune_mc1.config.field_types import Lang
    from tune_mc1.reporting.statistics.importance import Importances


def importance_of(directory: Path) -> dict[str, Any]:
    """Importance of each parameter that varies, as the report has it.

    Args:
        directory: The result directory.

    Raises:
        InputError: If it is no result directory, or the extra `report` is not installed.
    """
    try:
        from tune_mc1.reporting.frames import read_frames
        from tune_mc1.reporting.statistics.importance import importance
    except ImportError as error:
        raise InputError(
            f"importance: requires {error.name}, which is not installed; run pip install "
            "'tune_mc1[report]'"
        ) from None
    return importance_facts(importance(read_frames(directory)))


def importance_facts(found: "Importances", lang: "Lang" = "en") -> dict[str, Any]:
    """Importances as plain data; numbers that are not known are null.

    Args:
        found: The importances.
        lang: Language of the reason.
    """
    names = ("value", "low", "high", "correlation")
    rows = [
        {"parameter": row.parameter, **{name: _number(getattr(row, name)) for name in names}}
        for row in found.rows
    ]
    reason = found.reason.of(lang)
    return {"rows": rows, "settings": found.settings, "reliable": found.reliable, "reason": reason}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


if __name__ == "__main__":
    write_analysis(importance_of)
