"""Parameters that a sweep sets although no trial of it can feel them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tune_mc1.config.lr_schedules import counts_epochs

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig


def _schedule_epochs(config: "TrialConfig") -> str:
    name = config.lr_schedule
    return f"as the rates of {name} do not depend on it" if counts_epochs(name) else ""


def _norm_bias(config: "TrialConfig") -> str:
    network = config.architecture
    bare = network.declared and not config.effective_batch_norm and network.backbone is None
    return f"as {config.model} has no normalisation layers here" if bare else ""


def _filter_bias_and_bn(config: "TrialConfig") -> str:
    return "" if config.weight_decay else "as weight_decay is 0"


def _patience(config: "TrialConfig") -> str:
    late = config.early_stopping_patience >= config.epochs
    return f"as trials end after {config.epochs} epochs" if late else ""


IDLE: dict[str, Callable[["TrialConfig"], str]] = {
    "schedule_epochs": _schedule_epochs,
    "norm_bias_lr_factor": _norm_bias,
    "filter_bias_and_bn": _filter_bias_and_bn,
    "early_stopping_patience": _patience,
}
"""Why a value other than the default changes nothing in a trial; empty if it does."""


def idle_notices(configs: Sequence["TrialConfig"]) -> list[str]:
    """One notice for each parameter that changes nothing in any of the trials that set it.

    Where it matters to some of them, the others are what they are compared with.

    Args:
        configs: Parameters of the trials.
    """
    notices = []
    for name, why in IDLE.items():
        setting = [c for c in configs if getattr(c, name) != type(c).model_fields[name].default]
        reasons = [why(config) for config in setting]
        if reasons and all(reasons):
            value = str(getattr(setting[0], name))
            shown = value.lower() if value == "True" else value
            notices.append(f"{name}: {shown} has no effect, {reasons[0]}")
    return notices
