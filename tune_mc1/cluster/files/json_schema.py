"""Violations of a JSON schema, worded like this project's other messages."""

from collections.abc import Iterable, Mapping
from typing import Any

from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem, unknown_key
from tune_mc1.errors import did_you_mean

_TYPES = {
    "string": "text (put it in quotes)",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "null",
}
_LIMITS = {
    "minimum": "must be at least {:g}",
    "maximum": "must be at most {:g}",
    "minItems": "must have at least {} items",
    "minLength": "must have at least {} characters",
}


def schema_problems(
    value: Any, schema: Mapping[str, Any], path: KeyPath = (), registry: Any = None
) -> list[Problem]:
    """Every violation of a JSON schema by a value.

    Args:
        value: Plain data.
        schema: The schema.
        path: Path of the value in its file.
        registry: Targets of the schema's references (a `referencing.Registry`).
    """
    from jsonschema import Draft7Validator, Draft202012Validator

    if registry is None:
        errors = Draft7Validator(schema).iter_errors(value)
    else:
        errors = Draft202012Validator(schema, registry=registry).iter_errors(value)
    found: dict[str, Problem] = {}
    for error in errors:
        for problem in _problems(error, (*path, *error.absolute_path)):
            found.setdefault(str(problem), problem)
    return list(found.values())


def _problems(error: Any, path: KeyPath) -> Iterable[Problem]:
    rule, limit, value = error.validator, error.validator_value, error.instance
    if rule == "additionalProperties":
        known = error.schema.get("properties", {})
        for name in value.keys() - known.keys():
            yield unknown_key((*path, name), known)
    elif rule == "required":
        yield from (Problem((*path, name), "is required") for name in limit if name not in value)
    elif rule == "type":
        kinds = [limit] if isinstance(limit, str) else limit
        yield Problem(path, f"must be {' or '.join(_TYPES[kind] for kind in kinds)}", value)
    elif rule == "enum":
        hint = did_you_mean(str(value), map(str, limit))
        yield Problem(path, f"must be one of {', '.join(map(str, limit))}{hint}", value)
    elif rule in _LIMITS:
        yield Problem(path, _LIMITS[rule].format(limit), value)
    else:
        yield Problem(path, " ".join(str(error.message).split()))
