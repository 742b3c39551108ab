"""Values of Python as words of the command line, and as plain data of a sweep file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_mc1.config.range_text import read_range
from tune_mc1.config.set_text import value_text


def plain_data(value: Any) -> Any:
    """Plain data: numbers of NumPy as Python's, tuples as lists, paths as text."""
    if isinstance(value, Mapping):
        return {key: plain_data(each) for key, each in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain_data(each) for each in value]
    if isinstance(value, Path):
        return str(value)
    return value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value


def options(given: Mapping[str, Any]) -> list[str]:
    """Options of the command line; None and False mean not given."""
    words = []
    for name, value in given.items():
        spelled = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(spelled)
        elif value is not None and value is not False:
            each = value if isinstance(value, list | tuple) else [value]
            words += [f"{spelled}={one}" for one in each]
    return words


def set_options(values: Mapping[str, Any]) -> list[str]:
    """`--set` for each parameter."""
    words = []
    for name, value in values.items():
        each = value if isinstance(value, list | tuple) else [value]
        words.append(f"--set={name}={','.join(_text(one) for one in each)}")
    return words


def _text(value: Any) -> str:
    """A value as `--set` reads it; a text such as `1e-4..1e-1:log` is a range."""
    plain = plain_data(value)
    if isinstance(plain, str) and _is_range(plain):
        return plain
    return repr(plain) if isinstance(plain, float) else value_text(plain)


def _is_range(text: str) -> bool:
    try:
        return read_range(text) is not None
    except ValueError:  # which the command says
        return True
