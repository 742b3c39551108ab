"""The sweep file's `early_stopping: {patience: N}`, for a trial's `early_stopping_patience`."""

from typing import Any

from tune_mc1.config.problems import Problem, unknown_key

KEY, PARAMETER = "early_stopping", "early_stopping_patience"


def read_early_stopping(raw: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Makes the key a parameter that all trials share.

    Args:
        raw: Content of the sweep file.

    Returns:
        The content without the key, and problems.
    """
    if KEY not in raw:
        return raw, []
    rest = {name: value for name, value in raw.items() if name != KEY}
    parameters = rest.get("parameters") or {}
    if not isinstance(parameters, dict):
        return rest, []  # which is reported as it is
    problem = _problem(raw[KEY], parameters)
    if problem is not None:
        return rest, [problem]
    return {**rest, "parameters": {**parameters, PARAMETER: {"value": raw[KEY]["patience"]}}}, []


def _problem(given: Any, parameters: dict[str, Any]) -> Problem | None:
    if not isinstance(given, dict) or "patience" not in given:
        return Problem((KEY,), "must be a mapping such as `{patience: 5}`", given)
    for name in given:
        if name != "patience":
            return unknown_key((KEY, str(name)), ["patience"])
    if PARAMETER in parameters:
        rule = f"must not be given beside parameters.{PARAMETER}, which says the same"
        return Problem((KEY,), rule, given)
    patience = given["patience"]
    if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
        return Problem((KEY, "patience"), "must be a whole number of epochs", patience)
    return None
