"""An operation of a network of any origin, with its settings."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal[
    "trained",
    "norm",
    "dropout",
    "elementwise",
    "softmax",
    "image",
    "mean",
    "reshape",
    "mix",
    "cat",
]
"""`trained` has weights; `image` acts on every channel alone; `mean` is one over all pixels;
`reshape` flattens; `mix` combines two equal shapes."""


@dataclass(frozen=True)
class Call:
    """An operation and its settings.

    Attributes:
        kind: How it is fused.
        name: Its name in messages.
        settings: Equal for equal operations, whatever their dropout.
        run: Applies it to tensors, for operations that are the same for many trials.
        dropout: Probability of dropping; None for other operations.
        in_place: Whether it changes its first value.
        active: Whether a dropout drops: in training only, or always.
    """

    kind: Kind
    name: str
    settings: tuple[Any, ...]
    run: Callable[..., Any] | None = field(default=None, compare=False)
    dropout: float | None = None
    in_place: bool = False
    active: bool = True

    def switched(self) -> "Call":
        """The same in training if it was read in evaluation mode, and the other way round."""
        return replace(self, active=not self.active) if self.kind == "dropout" else self

    @property
    def is_view(self) -> bool:
        """True if the result may be the memory of its value."""
        return self.kind in ("reshape", "dropout") or self.name in ("Identity", "contiguous")

    def problem(self, inputs: Sequence[tuple[int, ...]], result: tuple[int, ...]) -> str | None:
        """What keeps it from being fused on values of these shapes, for one image."""
        first = inputs[0]
        images = len(first) == 3
        features_only = self.name in ("Linear", "BatchNorm1d") or self.kind == "softmax"
        pixels_only = self.name == "Dropout2d" or self.kind == "image"
        rules = [
            (images and features_only, f"{self.name} is applied to images"),
            (not images and pixels_only, f"{self.name} is applied to features"),
            (
                self.kind == "reshape" and result not in (_flat(first), first),
                f"{self.name} does more than flatten images",
            ),
            (
                self.kind == "mean" and not (images and result in (first[:1], (first[0], 1, 1))),
                "mean is not over all pixels",
            ),
            (
                self.kind == "mix" and len(inputs) > 1 and not _broadcasts(*inputs),
                f"{self.name} combines unequal shapes",
            ),
        ]
        return next((message for broken, message in rules if broken), None)


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (math.prod(shape),)


def _broadcasts(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """True for equal shapes, and for images times one factor a channel."""
    pixel = (one[0], 1, 1)
    return one == other or (other[0] == one[0] and pixel in (one, other))
