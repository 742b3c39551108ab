"""Registry of optimisers. Pure data; does not import torch.

Implementations are given as import paths (`tune_mc1.training.optimizers`, docs/extending.md).
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tune_mc1.config.model_libraries import INSTALL
from tune_mc1.config.takers import takers_of
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig

LIBRARY = "tune_mc1.training.optimizers.library:make_optimizer_of"


@dataclass(frozen=True)
class Optimizer:
    """An optimiser.

    Attributes:
        build: `package.module:function`, called with the trial's parameters and what to train: a
            list of `nn.Parameter`, or where they differ in rate or weight decay of groups of them,
            as all of PyTorch's optimisers take them. It returns a `torch.optim.Optimizer`.
        takes: Trial parameters that it accepts besides `learning_rate`. A parameter accepted by
            another optimiser only is rejected unless it has its default value.
        moments: Number of values kept per weight, for forecasts of memory.
        grouped: `package.module:class`, a `tune_mc1.training.optimizers.base.GroupOptimizer` that
            steps many trials at once; None if its trials can only be trained alone.
        recordable: Whether its step can be recorded as a CUDA graph: it keeps all state that
            changes between steps on the device, and accepts a tensor as `lr`.
        of: `package.module:Class` of the library whose optimiser it is, for `LIBRARY`.
    """

    build: str
    takes: tuple[str, ...] = ()
    moments: int = 2
    grouped: str | None = None
    recordable: bool = False
    of: str = ""


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")

_SGD = "tune_mc1.training.optimizers.sgd"
_ADAM = "tune_mc1.training.optimizers.adam"
_DECAY = ("weight_decay", "filter_bias_and_bn")
_BETAS = (*_DECAY, "betas", "eps")

OPTIMIZERS.register(
    "SGD",
    Optimizer(
        f"{_SGD}:make_sgd",
        takes=(*_DECAY, "momentum", "nesterov"),
        moments=1,
        grouped=f"{_SGD}:GroupSGD",
        recordable=True,
    ),
)
for _name, _function in (("Adam", "make_adam"), ("AdamW", "make_adamw")):
    OPTIMIZERS.register(
        _name,
        Optimizer(
            f"{_ADAM}:{_function}",
            takes=_BETAS,
            grouped=f"{_ADAM}:GroupAdam",
            recordable=True,
        ),
    )
OPTIMIZERS.register(
    "Muon",
    Optimizer(
        "tune_mc1.training.optimizers.muon:make_muon",
        takes=(*_BETAS, "momentum", "nesterov", "adjust_lr_fn"),
    ),
)
_OTHERS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "NAdam": ("torch.optim", _BETAS, 2),
    "RAdam": ("torch.optim", _BETAS, 2),
    "Adamax": ("torch.optim", _BETAS, 2),
    "RMSprop": ("torch.optim", (*_DECAY, "momentum", "alpha", "eps"), 2),
    "Adagrad": ("torch.optim", (*_DECAY, "eps"), 1),
    "Adadelta": ("torch.optim", (*_DECAY, "eps"), 2),
    "Adafactor": ("torch.optim", _DECAY, 1),
    "ASGD": ("torch.optim", _DECAY, 1),
    "LAMB": ("timm.optim:Lamb", _BETAS, 2),
    "LARS": ("timm.optim:Lars", (*_DECAY, "momentum", "nesterov", "eps"), 1),
    "Lion": ("timm.optim", (*_DECAY, "betas"), 1),
    "AdaBelief": ("timm.optim", _BETAS, 2),
    "AdamP": ("timm.optim", _BETAS, 2),
    "Adopt": ("timm.optim", _BETAS, 2),
    "NAdamW": ("timm.optim", _BETAS, 2),
    "LaProp": ("timm.optim", _BETAS, 2),
    "MARS": ("timm.optim:Mars", _BETAS, 3),
    "Adan": ("timm.optim", (*_DECAY, "eps"), 4),
    "SGDW": ("timm.optim", (*_DECAY, "momentum", "nesterov"), 1),
    "RMSpropTF": ("timm.optim", (*_DECAY, "momentum", "alpha", "eps"), 2),
}
"""Other optimisers of PyTorch and timm: the module, possibly with the class, what they take, and
values kept per weight."""

for _name, (_module, _takes, _moments) in _OTHERS.items():
    _class = _module if ":" in _module else f"{_module}:{_name}"
    OPTIMIZERS.register(_name, Optimizer(LIBRARY, _takes, _moments, of=_class))


def optimizer_problem(optimizer: str, given: dict[str, object]) -> str | None:
    """Checks that an optimiser accepts the given parameters; returns the problem, or None.

    Args:
        optimizer: Its name.
        given: Parameters that differ from their default.
    """
    accepted = OPTIMIZERS[optimizer].takes
    takers_by_name = takers_of(OPTIMIZERS)
    for name, value in given.items():
        takers = takers_by_name.get(name, ())
        if takers and name not in accepted:
            plural = "s" if len(takers) > 1 else ""
            rule = f"only valid with optimizer{plural} {', '.join(takers)}"
            return f"{name}: {rule}, got {value} with {optimizer}"
    return None


def optimizer_use_problem(config: "TrialConfig") -> str | None:
    """Why a trial's optimiser cannot run as it is set; None if it can."""
    library = OPTIMIZERS[config.optimizer].of.partition(".")[0]
    if library and find_spec(library) is None:
        rule = f"needs {library}, which is not installed: {INSTALL[library]}"
        return f"optimizer: {config.optimizer} {rule}"
    if config.optimizer == "Muon" and not config.momentum:
        return "momentum: must be greater than 0 with Muon (usually 0.95), got 0"
    if config.nesterov and not config.momentum:
        return "nesterov: needs a momentum greater than 0, got true with momentum 0"
    return None
