"""Whether a checkpoint is that of a network."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from tune_mc1.errors import TrialError

BACKBONE_PREFIX = "model.backbone."


def without_backbone(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a checkpoint without those of a frozen backbone, which are built again."""
    return {name: v for name, v in state.items() if not name.startswith(BACKBONE_PREFIX)}


def with_backbone(saved: Mapping[str, Tensor], mine: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a checkpoint, and of the backbone of a network where it leaves them out."""
    return {n: v for n, v in mine.items() if n.startswith(BACKBONE_PREFIX)} | dict(saved)


def check_fit(saved: Mapping[str, Tensor], mine: Mapping[str, Tensor], model: str) -> None:
    """Compares the weights of a checkpoint with those of a network.

    Args:
        saved: Weights of the checkpoint.
        mine: Weights of the network.
        model: Name of the network.

    Raises:
        TrialError: If names or shapes differ.
    """
    had = {name: value.shape for name, value in saved.items()}
    has = {name: value.shape for name, value in mine.items()}
    other = sorted(n for n in had.keys() | has.keys() if had.get(n) != has.get(n))
    if not other:
        return
    name = other[0].removeprefix("model.layers.").removeprefix("network.")
    now, before = _shape(has.get(other[0])), _shape(had.get(other[0]))
    raise TrialError(
        f"its checkpoint does not fit model {model}, which was edited since: {name} is {now}, was "
        f"{before} ({len(other)} differ)"
    )


def _shape(shape: Sequence[int] | None) -> str:
    return "missing" if shape is None else "x".join(map(str, shape)) or "a number"
