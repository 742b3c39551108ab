"""Names of PyTorch that are not part of its stable API."""

from collections.abc import Callable
from itertools import repeat
from types import SimpleNamespace
from typing import Any

from torch import Tensor

from tune_mc1.private_names import PrivateName

SEEN = "seen in PyTorch 2.14"

OPERATIONS = ("add_", "addcmul", "addcmul_", "div", "lerp_", "mul_", "sqrt_", "sub_")
"""Operations on lists of tensors, which PyTorch's own optimisers use and its documentation calls
beta."""

CLEAR_CUBLAS = PrivateName(
    "torch._C:_cuda_clearCublasWorkspaces",
    "gives a recorded CUDA graph its own cuBLAS workspaces",
    SEEN,
    "steps on a GPU are not recorded: they take longer, with the same numbers",
)
FOREACH = {
    name: PrivateName(
        f"torch:_foreach_{name}",
        "updates all parameters of a group in one call",
        SEEN,
        "one call per parameter: steps take longer, with the same numbers",
    )
    for name in OPERATIONS
}

NAMES = (CLEAR_CUBLAS, *FOREACH.values())
"""All names of PyTorch; a test looks for each in the version that is installed."""


def one_by_one(method: str) -> Callable[..., list[Tensor]]:
    """Fallback for `torch._foreach_METHOD`: calls the method of each tensor in turn."""

    def run(tensors: list[Tensor], *others: Any, **options: Any) -> list[Tensor]:
        columns = [other if isinstance(other, list) else repeat(other) for other in others]
        rows = zip(tensors, *columns, strict=False)
        return [getattr(tensor, method)(*rest, **options) for tensor, *rest in rows]

    return run


foreach: Any = SimpleNamespace(
    **{name: found.get(one_by_one(name)) for name, found in FOREACH.items()}
)
"""`torch._foreach_*` by their suffix: operations on lists of tensors."""


def use_own_workspaces() -> None:
    """Gives the next recorded graph its own cuBLAS workspaces."""
    CLEAR_CUBLAS.get(lambda: None)()
