"""Registry of losses, and losses of the user's own. Does not import torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tune_mc1.config.takers import takers_of
from tune_mc1.config.user_code import FORM, UserCodeError, import_object, is_user_code
from tune_mc1.errors import did_you_mean
from tune_mc1.registry import Registry

CROSS_ENTROPY = "CrossEntropyLoss"


@dataclass(frozen=True)
class Loss:
    """A loss, which the training minimises; `*_loss` in results is always plain cross-entropy.

    Attributes:
        build: `package.module:function`, called with the trial's parameters and the weights of the
            classes, float (classes,) or None. It returns a function of logits (N, classes) and
            labels, int64 (N,) or if `soft_labels` also float (N, classes), to the mean loss.
        takes: Trial parameters that it uses. A parameter that only other losses use is rejected
            unless it has its default value.
        soft_labels: Whether it takes probabilities of the classes as labels, as mixup makes them.
        grouped: Whether trials with it can be trained as one: it is a cross-entropy, possibly
            smoothed, weighted and focal (`tune_mc1.training.losses`).
        recordable: Whether its operations can be recorded as a CUDA graph.
    """

    build: str
    takes: tuple[str, ...] = ()
    soft_labels: bool = False
    grouped: bool = False
    recordable: bool = False


LOSSES: Registry[Loss] = Registry("loss_function")

_LOSSES = "tune_mc1.training.losses"
for _name in (CROSS_ENTROPY, "FocalLoss"):
    LOSSES.register(
        _name,
        Loss(
            f"{_LOSSES}:make_cross_entropy",
            takes=("label_smoothing", "class_weights", "focal_gamma"),
            soft_labels=True,
            grouped=True,
            recordable=True,
        ),
    )

ALIASES = {
    **dict.fromkeys(("cross_entropy", "crossentropy", "ce"), CROSS_ENTROPY),
    **dict.fromkeys(("focal", "focal_loss"), "FocalLoss"),
}

_OWN = Loss(f"{_LOSSES}:make_own")


def find_loss(name: str) -> Loss:
    """The entry of a loss; all losses of the user's own share one."""
    return _OWN if is_user_code(name) else LOSSES[name]


def loss_name(value: Any) -> Any:
    """Validates a value of `loss_function`.

    Args:
        value: A registered name in any case, another name of one, or `package.module:loss`.

    Raises:
        ValueError: If it is none of these.
    """
    if is_user_code(value):
        return value
    if isinstance(value, str):
        if value in LOSSES:
            return value
        table = ALIASES | {name.lower(): name for name in LOSSES}
        if value.lower() in table:
            return table[value.lower()]
    hint = did_you_mean(value, [*LOSSES, *ALIASES]) if isinstance(value, str) else ""
    raise ValueError(f"must be one of {', '.join(LOSSES)}, or {FORM} of your own{hint}")


def takes_soft_labels(name: str) -> bool:
    """Whether a loss takes probabilities of the classes as labels.

    A loss of the user's own says so by an attribute `soft_labels = True`.

    Args:
        name: A valid `loss_function`.

    Raises:
        UserCodeError: If the user's loss cannot be imported.
    """
    if is_user_code(name):
        return bool(getattr(import_object(name), "soft_labels", False))
    return LOSSES[name].soft_labels


def own_loss_problem(name: str) -> str | None:
    """Why a loss of the user's own cannot be used, as a rule; None if it can, or is a shipped one.

    Args:
        name: A valid `loss_function`.
    """
    if not is_user_code(name):
        return None
    try:
        found = import_object(name)
    except UserCodeError as error:
        return str(error)
    return None if callable(found) else f"must be a function or class, {name} is neither"


def loss_problem(loss_function: str, given: Mapping[str, object]) -> str | None:
    """Checks that a loss accepts the given parameters; returns the problem, or None.

    Args:
        loss_function: Its name.
        given: Parameters that differ from their default.
    """
    accepted, takers_by_name = find_loss(loss_function).takes, takers_of(LOSSES)
    for name, value in given.items():
        takers = takers_by_name.get(name, ())
        if takers and name not in accepted:
            rule = f"only valid with loss_function {', '.join(takers)}"
            return f"{name}: {rule}, got {value} with {loss_function}"
    return None


def class_weights_problem(class_weights: str | None, classes: int) -> str | None:
    """Why weights do not fit the classes of a data set; None if they do.

    Args:
        class_weights: The trial parameter.
        classes: Number of classes.
    """
    if class_weights in (None, "balanced"):
        return None
    count = len(str(class_weights).split(","))
    if count == classes:
        return None
    rule = f"must be balanced, or a list of one weight for each of the {classes} classes"
    return f"class_weights: {rule}, got {count} weights"
