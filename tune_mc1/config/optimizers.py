"""Registry of optimisers. Pure data; does not import torch.

Implementations are given as import paths (`tune_mc1.training.optimizers`, docs/extending.md).
"""

from dataclasses import dataclass

from tune_mc1.registry import Registry


@dataclass(frozen=True)
class Optimizer:
    """An optimiser.

    Attributes:
        build: `package.module:function`, called with the trial's parameters and the list of
            `nn.Parameter` to train. It returns a `torch.optim.Optimizer`.
        takes: Trial parameters that it accepts besides `learning_rate`. A parameter accepted by
            another optimiser only is rejected unless it has its default value.
        moments: Number of values kept per weight, for forecasts of memory.
        grouped: `package.module:class`, a `tune_mc1.training.optimizers.base.GroupOptimizer` that
            steps many trials at once; None if its trials can only be trained alone.
        recordable: Whether its step can be recorded as a CUDA graph: it keeps all state that
            changes between steps on the device, and accepts a tensor as `lr`.
    """

    build: str
    takes: tuple[str, ...] = ()
    moments: int = 2
    grouped: str | None = None
    recordable: bool = False


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")

_SGD = "tune_mc1.training.optimizers.sgd"
_ADAM = "tune_mc1.training.optimizers.adam"

OPTIMIZERS.register(
    "SGD",
    Optimizer(
        f"{_SGD}:make_sgd",
        takes=("weight_decay", "momentum"),
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
            takes=("weight_decay",),
            grouped=f"{_ADAM}:GroupAdam",
            recordable=True,
        ),
    )


def optimizer_problem(optimizer: str, given: dict[str, object]) -> str | None:
    """Checks that an optimiser accepts the given parameters; returns the problem, or None.

    Args:
        optimizer: Its name.
        given: Parameters that differ from their default.
    """
    accepted = OPTIMIZERS[optimizer].takes
    for name, value in given.items():
        takers = [other for other, part in OPTIMIZERS.items() if name in part.takes]
        if takers and name not in accepted:
            plural = "s" if len(takers) > 1 else ""
            rule = f"only valid with optimizer{plural} {', '.join(takers)}"
            return f"{name}: {rule}, got {value} with {optimizer}"
    return None
