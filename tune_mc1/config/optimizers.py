"""The optimisers that `optimizer` names. Pure data: nothing imports torch.

Their implementations are named by lazy paths (`tune_mc1.training.optimizers`, docs/extending.md).
"""

from dataclasses import dataclass

from tune_mc1.registry import Registry


@dataclass(frozen=True)
class Optimizer:
    """An optimiser.

    Attributes:
        build: `package.module:function`, called with the trial's parameters and the list of
            `nn.Parameter` to train. It returns a `torch.optim.Optimizer`.
        takes: Trial parameters that it takes beside `learning_rate`. Those that an optimiser takes
            are refused with one that does not, unless they are at their default.
        moments: Numbers that it keeps for each weight, for forecasts of memory.
        grouped: `package.module:class`, a `tune_mc1.training.optimizers.base.GroupOptimizer` that
            steps many trials at once; None trains its trials alone.
        recordable: Whether a GPU may record its step as a CUDA graph: it keeps on the device all
            that changes from step to step, and takes a tensor as `lr`.
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


def untaken(optimizer: str, given: dict[str, object]) -> str | None:
    """What is wrong with parameters beside an optimiser; None if nothing is.

    Args:
        optimizer: Its name.
        given: Parameters that are not at their default.
    """
    mine = OPTIMIZERS[optimizer].takes
    for name, value in given.items():
        takers = [other for other, part in OPTIMIZERS.items() if name in part.takes]
        if takers and name not in mine:
            only = f"optimizer {takers[0]} takes" if len(takers) == 1 else None
            only = only or f"optimizers {', '.join(takers)} take"
            return f"{name}: only {only} it, got {value} with {optimizer}"
    return None
