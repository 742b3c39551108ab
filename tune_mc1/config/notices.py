"""What a sweep file says that is unused, or read otherwise than written, and the user's notice."""

from typing import Any

from tune_mc1.config.distributions import Range
from tune_mc1.config.fields import parameter_kinds
from tune_mc1.config.metrics import goal_of
from tune_mc1.config.parameters import Constant, IntUniform, Parameter
from tune_mc1.config.problems import Path, show_path
from tune_mc1.config.sweep import Objective

_UNUSED: dict[str, tuple[str, ...]] = {
    "": (
        "program",
        "command",
        "apiVersion",
        "kind",
        "controller",
        "scheduler",
        "job",
        "image_uri",
        "imports",
        "settings",
    ),
    "metric": ("impute", "impute_while_running", "target"),
    "early_terminate": ("strict",),
}
"""W&B's keys that have no meaning where Ray runs the trials, by the mapping they stand in."""


def drop_unused(raw: dict[str, Any]) -> list[str]:
    """Takes out of a file's content the keys of W&B that nothing here uses.

    Args:
        raw: The file's mapping; changed.

    Returns:
        A notice that names them, or nothing.
    """
    dropped: list[Path] = []
    for group, names in _UNUSED.items():
        mapping = raw if not group else raw.get(group)
        if not isinstance(mapping, dict):
            continue
        found = [name for name in names if name in mapping]
        dropped += [(group, name) if group else (name,) for name in found]
        kept = {key: value for key, value in mapping.items() if key not in found}
        if group:
            raw[group] = kept
        else:
            for name in found:
                del raw[name]
    keys = ", ".join(map(show_path, dropped))
    return [f"{keys}: for W&B's own agents, not used here"] if keys else []


def read_cnn_as_cnn8(parameters: dict[str, Parameter]) -> list[str]:
    """Turns `model: CNN` beside a `dropout_p` into CNN8, as the reference's files mean it.

    Its files say CNN for the best CNN from the regularisation study on, and give `dropout_p` in
    all of these; the CNN of the earlier studies has no dropout.

    Args:
        parameters: The file's parameters; changed.

    Returns:
        A notice if it did so.
    """
    model, dropout = parameters.get("model"), parameters.get("dropout_p")
    names = getattr(model, "values", (getattr(model, "value", None),))
    if names != ("CNN",) or dropout is None or dropout == Constant(value=None):
        return []
    parameters["model"] = Constant(value="CNN8")
    return [
        "parameters.model: CNN with a dropout_p is read as CNN8, as the reference study means it "
        "(CNN itself has no dropout: leave out dropout_p to get it)"
    ]


def parameter_notices(parameters: dict[str, Parameter]) -> list[str]:
    """Distributions that W&B reads otherwise than most people expect."""
    notices = []
    for name, parameter in parameters.items():
        if isinstance(parameter, Range) and parameter.in_exponents:
            low, high = parameter.bounds
            notices.append(
                f"parameters.{name}: {parameter.distribution} takes exponents of e, so it draws "
                f"from {low:.4g} to {high:.4g}; {parameter.distribution}_values takes values"
            )
        if isinstance(parameter, IntUniform) and float in parameter_kinds(name):
            notices.append(
                f"parameters.{name}: both ends are integers, so W&B draws integers only; write "
                f"{parameter.min}.0 to draw real numbers"
            )
    return notices


def metric_notices(raw: Any, metric: Objective) -> list[str]:
    """What to say on a goal that is missing, or that contradicts its metric.

    Args:
        raw: The file's `metric`, if it has one.
        metric: What became of it.
    """
    if not isinstance(raw, dict):
        return []
    lower = goal_of(metric.name) == "minimize"
    if "goal" not in raw:
        if lower:
            return []
        return [f"metric.goal: not given, so {metric.name} is maximized (W&B would minimize it)"]
    if (metric.goal == "minimize") == lower:
        return []
    better = "lower" if lower else "higher"
    return [
        f"metric.goal: {metric.goal}s {metric.name} as the file says, though {better} is better"
    ]
