"""Names of networks: registered ones, those of timm and torchvision, and the user's own."""

import re
from difflib import get_close_matches
from typing import Any

from pydantic import BeforeValidator

from tune_mc1.config.architectures import ALIASES, ARCHITECTURES
from tune_mc1.config.field_types import one_of
from tune_mc1.config.user_code import is_user_code

LIBRARIES = ("timm", "torchvision")

OUTSIDE_FORM = "timm:NAME, torchvision:NAME or package.module:Name"

OPTIONS = ("weights_init_type", "dropout_p", "batch_norm", "pretrained")
"""Trial parameters that only the network has a use for. The constructor of a network from outside
gets those that the sweep gives, by the same name."""


def is_outside(name: Any) -> bool:
    """True for the name of a network of a library or of the user."""
    return isinstance(name, str) and ":" in name


def library_of(name: str) -> str | None:
    """The library that has a network from outside; None for the user's own."""
    library = name.partition(":")[0]
    return library if library in LIBRARIES else None


def is_own_code(name: Any) -> bool:
    """True for the name of a network of the user."""
    return is_outside(name) and library_of(name) is None


_registered = one_of(ARCHITECTURES, ALIASES).func
_DOTTED = re.compile(r"(timm|torchvision)(?:[./]models)?[./](\w+(?:\.\w+)?)")


def _check(value: Any) -> Any:
    if is_outside(value):
        library, _, network = value.partition(":")
        if library not in LIBRARIES and library.lower() in LIBRARIES:
            raise ValueError(f"must be written {library.lower()}:{network}")
        whole = re.fullmatch(r"[\w.-]+", network) if library in LIBRARIES else is_user_code(value)
        if not whole:
            raise ValueError(f"must be a registered model, {OUTSIDE_FORM}")
        return value
    try:
        return _registered(value)  # type: ignore[call-arg]
    except ValueError as error:
        hint = _other_way(value) if isinstance(value, str) else None
        raise ValueError(hint or _with_nearest(str(error), value)) from error


def _other_way(value: str) -> str | None:
    """How a network is written that the user probably means; None if there is none."""
    if match := _DOTTED.fullmatch(value):
        return f"must be written {match[1]}:{match[2]}"
    if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value) and value.count(".") < 8:
        module, _, name = value.rpartition(".")
        if name[:1].isupper():
            return f"must be written {module}:{name} to be imported"
    from tune_mc1.config.model_libraries import libraries_with

    found = [f"{library}:{value}" for library in libraries_with(value)]
    return f"must name its library: {' or '.join(found)}" if found else None


def _with_nearest(text: str, value: Any) -> str:
    """A message that may have the nearest registered name, with the nearest of the libraries."""
    from tune_mc1.config.model_libraries import nearest

    near = nearest(value)[:2] if isinstance(value, str) else []
    if not near:
        return text
    rule, hint, own = text.partition(", did you mean ")
    names = {name.partition(":")[2] for name in near} | {own.strip("'?").lower()}
    if own and own.strip("'?").lower() in get_close_matches(value.lower(), names, n=1):
        near = [own.rstrip("?"), *near]
    return f"{rule}{hint or ', did you mean '}{' or '.join(near)}?"


MODEL = BeforeValidator(_check)
"""Validator of the trial parameter `model`. It imports a library only to word a refusal."""
