"""Field types shared by all configuration models."""

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from tune_mc1.config.logger_class import CLASS, LoggerClass, logger_class
from tune_mc1.errors import did_you_mean


def _reject_bool(value: Any) -> Any:
    # pydantic would accept true as 1, and YAML reads yes, no, on and off as booleans.
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004  pydantic turns only ValueError into a message
    return value


def number_of(value: Any) -> Any:
    """Reads `1e1`, which YAML 1.1 takes for text, as a number; returns any other value as it is."""
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value


_EXPONENT = re.compile(r"[-+]?(\d+\.?|\d*\.\d+)[eE][-+]?\d+")
"""Numbers that YAML 1.1 reads as text, as it requires a point and a sign."""

Int = Annotated[int, BeforeValidator(_reject_bool), BeforeValidator(number_of)]
"""An integer; a whole float or text such as `'32'` or `1e1` is coerced, a boolean rejected."""

Float = Annotated[float, BeforeValidator(_reject_bool)]
"""A number; a string is coerced, such as `1e-3`, which YAML 1.1 reads as one."""


def _fuse(value: Any) -> Any:
    if isinstance(value, bool):  # YAML reads on and off as booleans
        return "auto" if value else "off"
    if value in ("auto", "off"):
        return value
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = 0
    if not 2 <= number <= 1024 or number != float(value):
        raise ValueError("must be auto, off, or a number of trials from 2 to 1024")
    return number


Fuse = Annotated[Literal["auto", "off"] | int, BeforeValidator(_fuse)]
"""Maximum number of trials trained as one model: chosen automatically, 1 (`off`), or given."""

Lang = Literal["en", "de"]
"""Languages of reports."""


def _trackers(value: Any) -> Any:
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(map(_is_tracker, given)):
        raise ValueError("must be a list of tracker names, or none")
    found = [one.strip() if isinstance(one, str) else logger_class(one) for one in given]
    if found == ["none"]:
        return ()
    names = [one if isinstance(one, str) else one.class_path for one in found]
    if "" in names or "none" in names or len(set(names)) < len(names):
        raise ValueError("must be a list of distinct tracker names, or just none")
    return found


def _is_tracker(value: Any) -> bool:
    return isinstance(value, str | LoggerClass) or (isinstance(value, dict) and CLASS in value)


Trackers = Annotated[tuple[str | LoggerClass, ...], BeforeValidator(_trackers)]
"""Experiment trackers: a list or a comma-separated string; `none` is the empty list.

Each is a name, the class path of a Lightning logger, or such a path with arguments.
"""


def listed(words: Sequence[str]) -> str:
    """Joins words as in `'grid', 'random' or 'bayes'`, like pydantic's message for a Literal."""
    quoted = [repr(word) for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def one_of(known: Collection[str], aliases: dict[str, str] | None = None) -> BeforeValidator:
    """Validator that accepts a known name in any case, or an alias. Numbers are read as strings.

    Args:
        known: The names. A registry is read only when a value is validated, after plugins have
            been loaded.
        aliases: Other names for some of them.
    """

    def check(value: Any) -> Any:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(text, str):
            if text in known:
                return text
            names = reversed(list(known))  # if they differ only in case, a built-in name wins
            table = {k.lower(): v for k, v in (aliases or {}).items()}
            table |= {name.lower(): name for name in names}
            if text.lower() in table:
                return table[text.lower()]
        hint = did_you_mean(value, [*known, *(aliases or {})]) if isinstance(value, str) else ""
        raise ValueError(f"must be one of {', '.join(known)}{hint}")

    return BeforeValidator(check)


def _keep_integer(value: Any, check: ValidatorFunctionWrapHandler) -> float:
    number: float = check(value)
    return value if type(value) is int else number


Number = Annotated[Float, WrapValidator(_keep_integer), PlainSerializer(lambda value: value)]
"""A number that stays an integer, in the sweep and in its file, if it is one."""
