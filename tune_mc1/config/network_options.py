"""Whether the options of a trial fit its network."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.augmentations import NONE
from tune_mc1.config.model_names import is_outside
from tune_mc1.config.tunable import misfit

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def option_problem(config: "TrialConfig") -> str | None:
    """Why a trial's options do not fit its network; None if they do.

    Those of a network from outside are checked by its signature
    (`tune_mc1.planning.outside_models`).
    """
    if is_outside(config.model):
        return None
    base = ARCHITECTURES[config.model]
    for name, value in config.arguments.items():
        if name not in base.options:
            takers = ", ".join(n for n, a in ARCHITECTURES.items() if name in a.options)
            rule = f"model {config.model} has none (models with it: {takers})"
            return f"{name}: {rule}, got {value}"
    return misfit(config.arguments, len(base.convs)) or _layers_problem(config)


def _layers_problem(config: "TrialConfig") -> str | None:
    arch, model = config.architecture, config.model
    if config.dropout_p is not None and config.dropout_p > 0 and not arch.dropout_layers:
        takers = _takers(lambda arch: bool(arch.dropout_layers))
        rule = f"model {model} has no dropout (models with dropout: {takers})"
        return f"dropout_p: {rule}, got {config.dropout_p}"
    if config.batch_norm and arch.batch_norm == "never":
        takers = _takers(lambda arch: arch.batch_norm != "never")
        return f"batch_norm: model {model} has no batch norm (models with it: {takers}), got true"
    if config.batch_norm is False and arch.batch_norm == "always":
        return f"batch_norm: model {model} always has batch norm, got false"
    if config.augment != NONE and arch.backbone is not None:
        rule = f"not valid with model {model}, whose frozen features are computed once"
        return f"augment: {rule}, got {config.augment}"
    return None


def _takers(has: Callable[[Architecture], bool]) -> str:
    return ", ".join(name for name, arch in ARCHITECTURES.items() if has(arch))
