"""Names of PyTorch that its documentation does not promise to keep."""

from collections.abc import Callable
from itertools import repeat
from types import SimpleNamespace
from typing import Any

from torch import Tensor

from tune_mc1.private_names import PrivateName

SEEN = "seen in PyTorch 2.14"

OPERATIONS = ("add_", "addcmul", "addcmul_", "div", "lerp_", "mul_", "sqrt_", "sub_")
"""Operations on lists of tensors; PyTorch's own optimisers use them, its documentation calls them
beta."""

CLEAR_CUBLAS = PrivateName(
    "torch._C:_cuda_clearCublasWorkspaces",
    "a recorded CUDA graph has workspaces of cuBLAS of its own",
    SEEN,
    "steps on a GPU are not recorded: they take longer, with the same numbers",
)
FOREACH = {
    name: PrivateName(
        f"torch:_foreach_{name}",
        "one call for all parameters of a group",
        SEEN,
        "a call for each parameter, which takes longer, with the same numbers",
    )
    for name in OPERATIONS
}

NAMES = (CLEAR_CUBLAS, *FOREACH.values())
"""All names of PyTorch; a test looks for each in the version that is installed."""


def one_by_one(method: str) -> Callable[..., list[Tensor]]:
    """What stands in for `torch._foreach_METHOD`: the method of one tensor after the other."""

    def run(tensors: list[Tensor], *others: Any, **options: Any) -> list[Tensor]:
        columns = [other if isinstance(other, list) else repeat(other) for other in others]
        rows = zip(tensors, *columns, strict=False)
        return [getattr(tensor, method)(*rest, **options) for tensor, *rest in rows]

    return run


foreach: Any = SimpleNamespace(
    **{name: found.get(one_by_one(name)) for name, found in FOREACH.items()}
)
"""`torch._foreach_*` by what follows: operations on lists of tensors."""


def give_own_workspaces() -> None:
    """Lets the graph that is recorded next have workspaces of cuBLAS of its own."""
    CLEAR_CUBLAS.get(lambda: None)()
