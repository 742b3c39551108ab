"""Violations of a JSON schema, worded like this project's other messages."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
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
    "maxLength": "must have at most {} characters",
}
_FREE = "x-kubernetes-preserve-unknown-fields"
_KEYS = "x-kubernetes-list-map-keys"


def schema_problems(
    value: Any, schema: Mapping[str, Any], path: KeyPath = (), *, kubernetes: bool = False
) -> list[Problem]:
    """Every violation of a JSON schema by a value.

    Args:
        value: Plain data.
        schema: The schema.
        path: Path of the value in its file.
        kubernetes: Whether the schema is an OpenAPI v3 schema of Kubernetes: fields without a
            schema are rejected, entries of a list may need distinct keys, null counts as not given,
            and a field with a default is not required.
    """
    from jsonschema import Draft7Validator

    if kubernetes:
        errors = _kubernetes_validator()(schema).iter_errors(_without_nulls(value))
    else:
        errors = Draft7Validator(schema).iter_errors(value)
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
        yield Problem(
            path, f"must be {_kinds([limit] if isinstance(limit, str) else limit)}", value
        )
    elif rule == "enum":
        hint = did_you_mean(str(value), map(str, limit))
        yield Problem(path, f"must be one of {', '.join(map(str, limit))}{hint}", value)
    elif rule == "anyOf" and all("type" in kind for kind in limit):
        yield Problem(path, f"must be {_kinds([kind['type'] for kind in limit])}", value)
    elif rule == "pattern" and error.schema.get("x-kubernetes-int-or-string"):
        yield Problem(path, "must be a quantity, such as 4, 500m or 8Gi", value)
    elif rule in _LIMITS:
        yield Problem(path, _LIMITS[rule].format(limit), value)
    else:
        yield Problem(path, " ".join(str(error.message).split()))


def _kinds(names: Iterable[str]) -> str:
    return " or ".join(_TYPES[name] for name in names)


def _without_nulls(value: Any) -> Any:
    """A value without the keys whose value is null, as an API server drops them."""
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


@cache
def _kubernetes_validator() -> Any:
    """The validator of OpenAPI v3 schemas as an API server applies them to resources."""
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    inner = Draft7Validator.VALIDATORS["properties"]

    def properties(validator: Any, known: Any, value: Any, schema: Any) -> Iterator[Any]:
        yield from inner(validator, known, value, schema)
        if isinstance(value, dict) and not schema.get(_FREE) and value.keys() - known.keys():
            yield ValidationError(
                "unknown field",
                validator="additionalProperties",
                validator_value=False,
                instance=value,
                schema=schema,
            )

    def distinct(_: Any, keys: Any, value: Any, schema: Any) -> Iterator[Any]:
        defaults = schema.get("items", {}).get("properties", {})
        seen = set()
        for entry in value if isinstance(value, list) else ():
            if not isinstance(entry, dict):
                continue
            key = tuple(str(entry.get(k, defaults.get(k, {}).get("default"))) for k in keys)
            if key in seen:
                names = " and ".join(keys)
                yield ValidationError(f"must not have two entries with the {names} {key[0]!r}")
            seen.add(key)

    def required(_: Any, names: Any, value: Any, schema: Any) -> Iterator[Any]:
        fields = schema.get("properties", {})
        missing = [name for name in names if "default" not in fields.get(name, {})]
        if isinstance(value, dict) and any(name not in value for name in missing):
            yield ValidationError("is required", validator_value=missing)

    rules = {"properties": properties, "required": required, _KEYS: distinct}
    return extend(Draft7Validator, rules)
