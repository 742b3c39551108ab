"""Which trial parameters apply to a trial's optimiser, schedule, loss, augmentation and network."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.augmentations import AUGMENTATIONS, find_augmentations, parameters_of
from tune_mc1.config.losses import LOSSES, find_loss
from tune_mc1.config.lr_schedules import LR_SCHEDULES
from tune_mc1.config.model_names import is_outside
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.parameters import IntUniform, Parameter, listed_values
from tune_mc1.config.recipe.fine_tuning import BACKBONE
from tune_mc1.config.trial import trial_fields
from tune_mc1.config.tunable import OPTIONS
from tune_mc1.config.user_code import is_user_code

Get = Callable[[str], Any]
"""Gives the value of another parameter of the trial."""

_ANY = object()
"""Stands for the values of a range."""


@dataclass(frozen=True)
class Rule:
    """A condition under which a parameter applies to a trial.

    Attributes:
        owners: Parameters on which that depends.
        applies: Whether it does, given the owners' values.
        harmless: Whether a value of the parameter is valid where it does not apply.
    """

    owners: tuple[str, ...]
    applies: Callable[[Get], bool]
    harmless: Callable[[Any, Get], bool]


def needed_rules(parameters: Mapping[str, Parameter]) -> dict[str, tuple[Rule, ...]]:
    """Rules by parameter, where some trials of a sweep could use it and others could not.

    A parameter that no trial can use is left to the check of each trial, which refuses it; so is
    one whose values are all valid where it does not apply, as its trials are then as they are set.

    Args:
        parameters: Parameters of a sweep of our own training.
    """
    found = {
        name: tuple(rule for rule in rules_of(name) if _divides(rule, name, parameters))
        for name in parameters
    }
    return {name: rules for name, rules in found.items() if rules}


def _divides(rule: Rule, name: str, parameters: Mapping[str, Parameter]) -> bool:
    used = refused = False
    own = _values(name, parameters)
    for values in product(*(_values(owner, parameters) for owner in rule.owners)):
        get = dict(zip(rule.owners, values, strict=True)).__getitem__
        if rule.applies(get):
            used = True
        else:
            refused |= not all(value is not _ANY and rule.harmless(value, get) for value in own)
    return used and refused


def _values(name: str, parameters: Mapping[str, Parameter]) -> Sequence[Any]:
    parameter = parameters.get(name)
    if parameter is None:
        return [default_of(name)]
    if listed := listed_values(parameter):
        return listed
    if isinstance(parameter, IntUniform):
        return [parameter.min, parameter.max]
    return [0.0, _ANY] if getattr(parameter, "zero", None) else [_ANY]


def default_of(name: str) -> Any:
    """Default of a trial parameter; None of one of a network's own."""
    field = trial_fields().get(name)
    return None if field is None else field.default


def rules_of(name: str) -> Iterator[Rule]:
    """The rules of a parameter of our own training."""
    takers: tuple[tuple[str, bool, Callable[[Any], Collection[str]]], ...] = (
        ("optimizer", any(name in o.takes for o in OPTIMIZERS.values()), _of_optimizer),
        ("lr_schedule", any(name in _of_schedule(s) for s in LR_SCHEDULES), _of_schedule),
        ("loss_function", any(name in loss.takes for loss in LOSSES.values()), _of_loss),
    )
    for owner, taken, takes in takers:
        if taken:
            yield _taken_by(owner, takes, name)
    if name in _of_augmentations():
        yield Rule(("augment",), lambda get: name in _of_augment(get("augment")), lambda *_: False)
    if name in OPTIONS:
        yield Rule(("model",), lambda get: name in _network(get).options, lambda *_: False)
    yield from _OTHERS.get(name, ())


def _taken_by(owner: str, takes: Callable[[Any], Collection[str]], name: str) -> Rule:
    return Rule(
        (owner,),
        lambda get: name in takes(get(owner)),
        lambda value, _: value == default_of(name),
    )


def _of_optimizer(name: str) -> Collection[str]:
    return OPTIMIZERS[name].takes


def _of_schedule(name: str) -> Collection[str]:
    return getattr(LR_SCHEDULES[name], "takes", ())


def _of_loss(name: str) -> Collection[str]:
    return find_loss(name).takes


def _of_augment(value: str) -> Collection[str]:
    return [taken for name in find_augmentations(value) for taken in parameters_of(name)]


def _of_augmentations() -> Collection[str]:
    return {taken for name in AUGMENTATIONS for taken in parameters_of(name)}


def _network(get: Get) -> Architecture:
    model = get("model")
    return ARCHITECTURES[model if model in ARCHITECTURES else "CNN"]  # CNN_singlebatch


def _has(check: Callable[[Architecture], bool]) -> Callable[[Get], bool]:
    """True of a network from outside, whose constructor is asked later."""
    return lambda get: is_outside(get("model")) or check(_network(get))


def _soft_labels(get: Get) -> bool:
    loss = get("loss_function")
    return is_user_code(loss) or find_loss(loss).soft_labels


def _fixed_batch_norm(value: Any, get: Get) -> bool:
    return value is None or value is (_network(get).batch_norm == "always")


_NO_BACKBONE = Rule(
    ("model",), _has(lambda network: network.backbone is None), lambda value, _: not value
)
_MIXED = (Rule(("loss_function",), _soft_labels, lambda value, _: not value), _NO_BACKBONE)

_OTHERS: dict[str, tuple[Rule, ...]] = {
    "dropout_p": (
        Rule(("model",), _has(lambda network: bool(network.dropout_layers)), lambda v, _: not v),
    ),
    "batch_norm": (
        Rule(
            ("model",),
            _has(lambda network: network.batch_norm not in ("never", "always")),
            _fixed_batch_norm,
        ),
    ),
    "nesterov": (Rule(("momentum",), lambda get: bool(get("momentum")), lambda v, _: not v),),
    "ema_warmup": (Rule(("ema_decay",), lambda get: bool(get("ema_decay")), lambda v, _: not v),),
    "start_factor": (
        Rule(
            ("warmup_epochs", "warmup_steps"),
            lambda get: bool(get("warmup_epochs") or get("warmup_steps")),
            lambda value, _: value == default_of("start_factor"),
        ),
    ),
    "mixup_alpha": _MIXED,
    "cutmix_alpha": _MIXED,
    "test_time_flip": (_NO_BACKBONE,),
    "test_time_translate": (_NO_BACKBONE,),
    "test_time_in_validation": (
        Rule(
            ("test_time_flip", "test_time_translate"),
            lambda get: bool(get("test_time_flip") or get("test_time_translate")),
            lambda value, _: value,
        ),
    ),
    "layer_decay": (
        Rule(("freeze",), lambda get: get("freeze") != BACKBONE, lambda value, _: value is None),
        Rule(
            ("model",),
            _has(lambda network: network.backbone is None),
            lambda value, _: value is None,
        ),
    ),
}
"""Rules of parameters that no registry has."""
