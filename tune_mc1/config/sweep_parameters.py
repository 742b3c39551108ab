"""Typed parameters of a sweep of our own training, checked together."""

from collections.abc import Mapping

from tune_mc1.config.fields import check_parameter
from tune_mc1.config.model_names import is_outside
from tune_mc1.config.parameters import Parameter, listed_values
from tune_mc1.config.problems import unknown_key
from tune_mc1.config.trial import core_fields, trial_fields
from tune_mc1.config.tunable import OPTIONS


def fitting_parameters(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Typed parameters of a sweep, each as `check_parameter` returns it.

    Parameters of a network's own stay as they are.

    Raises:
        ValueError: If one is unknown or invalid; the text says why.
    """
    checked = {}
    outside = any(map(is_outside, listed_values(parameters.get("model"))))
    for name, parameter in parameters.items():
        if (outside or name in OPTIONS) and name not in trial_fields():
            checked[name] = parameter
            continue
        if name not in (known := trial_fields()):
            raise ValueError(f"{unknown_key((name,), known, 'unknown parameter', core_fields())}")
        fitting, problems = check_parameter(name, parameter, (name,))
        if fitting is None:
            raise ValueError("; ".join(map(str, problems)))
        checked[name] = fitting
    return checked
