"""Values as `--set NAME=VALUE[,VALUE...]` has them: read, and written so that they can be read."""

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml

from tune_mc1.config.range_text import read_range
from tune_mc1.config.recipe import LISTS
from tune_mc1.config.yaml_file import read_scalar

_OPEN, _CLOSED, _QUOTES = "[{", "]}", "\"'"


def split_values(text: str) -> Iterator[str]:
    """Parts between commas that are neither within brackets nor within quotes.

    Quotes count where a value begins, and within brackets: `don't, stop` has two parts.
    """
    depth, quote, piece = 0, "", ""
    for letter in text:
        before = piece[-1:]
        if quote:
            quote = "" if letter == quote and before != "\\" else quote
        elif letter in _QUOTES and (depth or not piece.strip()):
            quote = letter
        else:
            depth += (letter in _OPEN) - (letter in _CLOSED)
        if letter == "," and depth <= 0 and not quote:
            yield piece
            piece = ""
        else:
            piece += letter
    yield piece


def read_value(piece: str) -> Any:
    """Reads a number, a word, quoted text, or a list or mapping in brackets, as YAML has them.

    Raises:
        ValueError: If it is none of them.
    """
    if not piece.strip().startswith(tuple(_OPEN)):
        return read_scalar(piece)
    try:
        return yaml.safe_load(piece)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise ValueError("must be a number, a word, or a list or mapping in brackets") from None


def setting_text(name: str, value: Any, *, lists: bool = True) -> str:
    """A parameter's value as it can be typed after `--set NAME=`.

    Args:
        name: Name of the parameter.
        value: The value.
        lists: Whether the name is one of built-in training, where some texts are lists of numbers.
    """
    listed = lists and name in LISTS and isinstance(value, str)
    return f"[{value}]" if listed else value_text(value)


def value_text(value: Any) -> str:
    """A value as `read_value` reads it; text is quoted where it would be read as something else."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        whole = math.isfinite(value) and value == round(value) and abs(value) < 1e15
        return f"{value:.0f}" if whole else repr(value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return _word(value) if isinstance(value, str) else str(value)


@lru_cache(maxsize=4096)
def _word(text: str) -> str:
    """Text as it is if it is read so, and quoted otherwise."""
    try:
        plain = list(split_values(text)) == [text] and read_value(text) == text
        plain = plain and read_range(text) is None
    except ValueError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)
