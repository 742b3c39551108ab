"""Mistakes in an input, and their wording for the user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tune_mc1.errors import did_you_mean

Path = tuple[str | int, ...]

MOST = 60
"""Characters of a value that are shown; of a longer mapping, none, as the rule says what of it."""

_NOTHING = object()
_SYNONYMS = {
    "grace_period": "min_iter",
    "reduction_factor": "eta",
    "max_t": "max_iter",
    "num_samples": "run_cap",
    "n_trials": "run_cap",
}
"""Names from Ray and Optuna whose spelling is too different to be suggested."""


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Attributes:
        path: Keys and list positions that lead to the value.
        rule: Requirement that is not met, such as `must be at least 1`.
        value: The value; omitted from the message if not given.
    """

    path: Path
    rule: str
    value: Any = _NOTHING

    def __str__(self) -> str:
        """`path.to.field: rule, got value`."""
        got = "" if self.value is _NOTHING else f", got {show(self.value)}"
        return f"{show_path(self.path)}{': ' if self.path else ''}{self.rule}{got}"


def show(value: Any) -> str:
    """Formats a value as in YAML, truncated to 60 characters."""
    if isinstance(value, bool):
        return f"{str(value).lower()} (YAML reads yes, no, on and off as booleans)"
    text = "null" if value is None else repr(value)
    return text if len(text) <= MOST else f"{text[: MOST - 3]}..."


def show_path(path: Path) -> str:
    """Formats a path, such as `parameters.learning_rate.values[1]`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def unknown_key(
    path: Path, known: Iterable[str], rule: str = "unknown key", listed: Iterable[str] = ()
) -> Problem:
    """Builds the problem of an unknown name, with the most similar valid name as a hint.

    Args:
        path: Path of the key; its last part is the name.
        known: The valid names.
        rule: Description of the problem, to which the hint is added.
        listed: Names to list where none is similar; by default all of them.
    """
    known, name = list(known), str(path[-1])
    synonym = _SYNONYMS.get(name.lower())
    hint = f", did you mean {synonym!r}?" if synonym in known else did_you_mean(name, known)
    if not hint and known:
        hint = f" (known: {', '.join(listed or known)})"
    return Problem(path, rule + hint)


def problems_of(
    error: ValidationError, known: Mapping[Path, Iterable[str]] | None = None
) -> list[Problem]:
    """Converts every mistake found by pydantic to this project's wording.

    Args:
        error: The validation error.
        known: Valid keys of each mapping, by its path.
    """
    return [_problem(details, known or {}) for details in error.errors(include_url=False)]


_RULES = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "int_from_float": "must be a whole number",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "literal_error": "must be {expected}",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
}
_RULES_BY_PREFIX = {
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string": "must be text (put it in quotes)",
}


def _problem(details: ErrorDetails, known: Mapping[Path, Iterable[str]]) -> Problem:
    path, kind, value = tuple(details["loc"]), details["type"], details["input"]
    context = details.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(path, known.get(path[:-1], ()))
    if kind == "missing":
        return Problem(path, "is required")
    if kind == "value_error":
        rule = str(context["error"])
        long = isinstance(value, Mapping) and (not path or len(repr(value)) > MOST)
        return Problem(path, rule) if long or ", got " in rule else Problem(path, rule, value)
    if kind in _RULES:
        rule = _RULES[kind].format(**{k: _short(v) for k, v in context.items()})
        return Problem(path, rule, value)
    rule = _RULES_BY_PREFIX.get(kind.split("_")[0]) or details["msg"].lower()
    return Problem(path, rule, value)


def _short(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value
