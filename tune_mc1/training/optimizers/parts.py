"""Parts of a network that are trained with other settings: weight decay for some, rates by layer.

A part is one of PyTorch's parameter groups. Trials that are trained as one have the same parts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.blocks import blocks_of, rate_scales
from tune_mc1.models.build import Classifier
from tune_mc1.models.fused import FusedClassifier


@dataclass
class Part:
    """Parameters that share their settings.

    Attributes:
        parameters: The parameters.
        decays: Whether weight decay applies to them.
        scale: Factor of the learning rate.
    """

    parameters: list[nn.Parameter]
    decays: bool = True
    scale: float = 1.0

    def settings(self, config: TrialConfig) -> dict[str, Any]:
        """Settings of a trial that differ from those of the optimiser."""
        rate = {"lr": config.learning_rate * self.scale} if self.scale != 1 else {}
        return rate if self.decays else {**rate, "weight_decay": 0.0}


def find_parts(
    config: TrialConfig,
    trained: Mapping[str, nn.Parameter],
    *,
    axes: int = 0,
    exempt: frozenset[str] = frozenset(),
    scales: Mapping[str, float] | None = None,
) -> list[Part]:
    """Divides parameters by their settings, in the order in which these first occur.

    Args:
        config: The trial's parameters; of a group, those of any of its trials.
        trained: The parameters by name.
        axes: Leading axes that are not those of the plain network: 1 for a group's trials.
        exempt: Names of parameters that the network exempts from weight decay.
        scales: Factor of the learning rate by name; 1 for all others.

    Returns:
        At least one part, unless there are no parameters.
    """
    found: dict[tuple[bool, float], Part] = {}
    for name, parameter in trained.items():
        spared = parameter.ndim - axes <= 1 or name.endswith(".bias") or name in exempt
        decays = not (config.filter_bias_and_bn and spared)
        scale = (scales or {}).get(name, 1.0)
        part = found.setdefault((decays, scale), Part([], decays, scale))
        part.parameters.append(parameter)
    return list(found.values())


def parts_of(model: Classifier | FusedClassifier, config: TrialConfig) -> list[Part]:
    """The parts of a network that are trained.

    Args:
        model: A plain model, or a fused one.
        config: The trial's parameters; of a group, those of any of its trials.
    """
    fused, scales = isinstance(model, FusedClassifier), dict[str, float]()
    if config.layer_decay is not None:
        blocks = model.blocks if isinstance(model, FusedClassifier) else blocks_of(model)
        scales |= rate_scales(blocks, config.layer_decay)
    if config.norm_bias_lr_factor != 1:
        for name in _norm_biases(model):
            scales[name] = scales.get(name, 1.0) * config.norm_bias_lr_factor
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    exempt = frozenset(model.exempt)
    return find_parts(config, trained, axes=int(fused), exempt=exempt, scales=scales)


def _norm_biases(model: nn.Module) -> Iterator[str]:
    """Names of the biases of normalisation layers, ours and those of libraries."""
    for name, module in model.named_modules():
        if "norm" in type(module).__name__.lower() and getattr(module, "bias", None) is not None:
            yield f"{name}.bias"


def as_pytorch(parts: list[Part], config: TrialConfig) -> list[Any]:
    """What PyTorch's optimisers take: the parameters, or where they differ, dicts of settings."""
    if len(parts) == 1 and not parts[0].settings(config):
        return parts[0].parameters
    return [{"params": part.parameters, **part.settings(config)} for part in parts]
