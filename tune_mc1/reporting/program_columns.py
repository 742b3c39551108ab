"""Columns of a program's trials as a report has them: readable values, names of their own."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

OURS = frozenset(("study", "setting", "conditions", "score", "shared", "summary", "ids", "test"))
"""Columns that statistics and tables of a report add to those of trials."""


def readable(
    trials: pd.DataFrame, kinds: Mapping[str, str], names: Mapping[str, str]
) -> pd.DataFrame:
    """The trials with texts of JSON columns without their quotes.

    Args:
        trials: The trials.
        kinds: Kind of each parameter by its own name.
        names: Own name of each parameter by its column.
    """
    columns = [column for column, name in names.items() if kinds.get(name) == "json"]
    return trials.assign(**{column: trials[column].map(json_text) for column in columns})


def json_text(cell: Any) -> Any:
    """The text of a JSON value: without quotes if it is a text that is no JSON by itself."""
    if not isinstance(cell, str) or not cell.startswith('"'):
        return cell
    text: str = json.loads(cell)
    try:
        json.loads(text)
    except ValueError:
        return text
    return cell  # "1" is not 1


def renamed(
    trials: pd.DataFrame, names: Mapping[str, str]
) -> tuple[pd.DataFrame, Mapping[str, str]]:
    """The trials, and own names by column, without columns that a report has for itself.

    Args:
        trials: The trials.
        names: Own name of each parameter by its column.
    """
    changed = {name: f"param.{name}" for name in names if name in OURS}
    return trials.rename(columns=changed), {changed.get(c, c): n for c, n in names.items()}


def cells(values: Sequence[Any], kind: str) -> list[Any]:
    """Values of a sweep file as they stand in a column of the trials.

    Args:
        values: The values.
        kind: Kind of the column.
    """
    if kind != "json":
        return list(values)
    return [json_text(json.dumps(value, sort_keys=True)) for value in values]
