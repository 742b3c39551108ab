"""Parameters of registered networks that are tuned themselves: layers, kernels, activations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tune_mc1.errors import did_you_mean

MOST_LAYERS = 50

ACTIVATIONS = {
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "gelu": "GELU",
    "silu": "SiLU",
    "swish": "SiLU",
    "mish": "Mish",
}
"""Activations of torch.nn, by their names in lower case and other names."""

RISING = frozenset(("ReLU", "LeakyReLU", "ELU", "SELU", "Tanh", "Sigmoid"))
"""Activations that never fall, so that they commute with max pooling."""


def numbers(value: int | Sequence[int]) -> list[int]:
    """One number, or several, as a list."""
    return [value] if isinstance(value, int) else list(value)


def _numbers(least: int, most: int, rule: str, *, empty: bool = False) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        listed = value if isinstance(value, list | tuple) else [value]
        good = all(type(n) is int and least <= n <= most for n in listed)
        if not good or len(listed) > MOST_LAYERS or not (listed or empty):
            raise ValueError(rule)
        return list(value) if isinstance(value, list | tuple) else value

    return check


def _kernels(value: Any) -> Any:
    found = _numbers(1, 31, _KERNELS)(value)
    if any(n % 2 == 0 for n in numbers(found)):
        raise ValueError(_KERNELS)
    return found


_KERNELS = "must be an odd number from 1 to 31, or a list of one for each layer"


def _word(known: Mapping[str, str]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        letters = str(value).lower()
        if letters in known:
            return known[letters]
        if letters in (names := {name.lower(): name for name in known.values()}):
            return names[letters]
        words = ", ".join(dict.fromkeys(known.values()))
        raise ValueError(f"must be one of {words}{did_you_mean(letters, known)}")

    return check


_WIDTHS = "must be a number of units, at least 1, or a list of one for each layer"

OPTIONS: dict[str, Callable[[Any], Any]] = {
    "hidden": _numbers(1, 100_000, _WIDTHS, empty=True),
    "filters": _numbers(1, 10_000, _WIDTHS.replace("units", "filters")),
    "kernel_sizes": _kernels,
    "activation": _word(ACTIVATIONS),
    "pool": _word({"max": "max", "avg": "avg", "average": "avg", "none": "none"}),
}
"""Checks of the parameters by name: each returns the value in its standard form, or raises a
ValueError whose text is the rule."""


def misfit(arguments: Mapping[str, Any], layers: int) -> str | None:
    """Why parameters do not fit each other; None if they do.

    Args:
        arguments: Values of some of `OPTIONS`.
        layers: Convolutions of a network without `filters`.
    """
    kernels = numbers(arguments.get("kernel_sizes", 3))
    filters = arguments.get("filters")
    count = layers if filters is None else len(numbers(filters))
    if len(kernels) in (1, count):
        return None
    return (
        f"kernel_sizes: must be one number, or one for each of {count} convolutions, got {kernels}"
    )
