"""Notices about content of a sweep file that is ignored or interpreted differently."""

from typing import Any

from tune_mc1.config.distributions import Range
from tune_mc1.config.fields import parameter_kinds
from tune_mc1.config.metrics import goal_of
from tune_mc1.config.objective import Objective
from tune_mc1.config.parameters import Constant, IntUniform, Parameter
from tune_mc1.config.problems import Path, show_path
from tune_mc1.config.trial import trial_fields

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
    "metric": ("impute", "impute_while_running"),
}
"""W&B's keys that have no meaning when Ray runs the trials, by the mapping that contains them."""


def drop_unused(raw: dict[str, Any], *, program: bool = False) -> list[str]:
    """Removes W&B's keys that are not used here from the content of a file.

    Args:
        raw: The file's mapping; modified in place.
        program: Whether `program` and `command` are used.

    Returns:
        A notice that names them, or an empty list.
    """
    dropped: list[Path] = []
    for group, names in _UNUSED.items():
        mapping = raw if not group else raw.get(group)
        if not isinstance(mapping, dict):
            continue
        found = [name for name in names if name in mapping]
        if program:
            found = [name for name in found if name not in ("program", "command")]
        dropped += [(group, name) if group else (name,) for name in found]
        kept = {key: value for key, value in mapping.items() if key not in found}
        if group:
            raw[group] = kept
        else:
            for name in found:
                del raw[name]
    keys = ", ".join(map(show_path, dropped))
    return [f"{keys}: only for W&B's own agents, ignored here"] if keys else []


def read_cnn_as_cnn8(parameters: dict[str, Parameter]) -> list[str]:
    """Reads `model: CNN` with a `dropout_p` as CNN8, as intended by the reference's files.

    From the regularisation study on, its files use CNN for the best CNN, always with a `dropout_p`;
    the CNN of the earlier studies has no dropout.

    Args:
        parameters: The file's parameters; modified in place.

    Returns:
        A notice if the model was changed, else an empty list.
    """
    model, dropout = parameters.get("model"), parameters.get("dropout_p")
    names = getattr(model, "values", (getattr(model, "value", None),))
    if names != ("CNN",) or dropout is None or dropout == Constant(value=None):
        return []
    parameters["model"] = Constant(value="CNN8")
    return [
        "parameters.model: CNN with a dropout_p is read as CNN8, as in the reference study (CNN "
        "itself has no dropout; omit dropout_p to use it)"
    ]


def early_notices(raw: Any) -> list[str]:
    """Notices about keys of `early_terminate` that W&B does not use beside others.

    Args:
        raw: The file's `early_terminate`, if any.
    """
    given = {"min_iter", "s", "max_iter"} & raw.keys() if isinstance(raw, dict) else set()
    if given == {"min_iter", "s", "max_iter"}:
        return ["early_terminate.min_iter: not used beside s and max_iter, as in W&B"]
    if given == {"min_iter", "s"}:
        return ["early_terminate.s: not used beside min_iter without max_iter, as in W&B"]
    return []


def parameter_notices(parameters: dict[str, Parameter]) -> list[str]:
    """Notices about distributions whose meaning in W&B may be unexpected."""
    notices = []
    for name, parameter in parameters.items():
        if isinstance(parameter, Range) and parameter.in_exponents:
            low, high = parameter.bounds
            notices.append(
                f"parameters.{name}: {parameter.distribution} takes exponents of e, so it draws "
                f"from {low:.4g} to {high:.4g}; {parameter.distribution}_values takes values"
            )
        ours = name in trial_fields()
        if isinstance(parameter, IntUniform) and ours and float in parameter_kinds(name):
            notices.append(
                f"parameters.{name}: both bounds are integers, so only integers are drawn, as in "
                f"W&B; write {parameter.min}.0 to draw real numbers"
            )
    return notices


def metric_notices(raw: Any, metric: Objective) -> list[str]:
    """Notices about a goal that is missing or contradicts its metric.

    Args:
        raw: The file's `metric`, if any.
        metric: The validated metric.
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
        f"metric.goal: {metric.goal}s {metric.name}, as set in the file, although {better} is "
        "better"
    ]
