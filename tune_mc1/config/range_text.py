"""Ranges on the command line: `--set lr=1e-4..1e-1:log`."""

import re
from typing import Any

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\.\.({_NUMBER})\s*(?::\s*(\w+)\s*)?")
_KINDS = ("log",)


def read_range(text: str) -> dict[str, Any] | None:
    """Reads `LOW..HIGH` or `LOW..HIGH:log` as what stands in a sweep file.

    As in W&B's files, two whole numbers mean whole numbers in between, both included.

    Args:
        text: What follows `NAME=`.

    Returns:
        The parameter's mapping; None if the text is no range.

    Raises:
        ValueError: If what follows the colon is unknown.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    low, high = (int(t) if re.fullmatch(r"[-+]?\d+", t) else float(t) for t in match.groups()[:2])
    kind = match[3]
    if kind not in (None, *_KINDS):
        raise ValueError("a range LOW..HIGH may only end with :log")
    whole = isinstance(low, int) and isinstance(high, int)
    ends = {"min": low, "max": high}
    if kind is None:
        return {"distribution": "int_uniform" if whole else "uniform", **ends}
    if whole:
        return {"distribution": "q_log_uniform_values", "q": 1, **ends}
    return {"distribution": "log_uniform_values", **ends}
