"""Parameters of the constructor of a network from outside. Imports the network, and so torch."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from tune_mc1.config.keywords import keywords_of
from tune_mc1.config.model_libraries import builder, constructor_parameters
from tune_mc1.config.model_names import library_of
from tune_mc1.config.user_code import UserCodeError, import_object

CLASSES = ("num_classes", "n_classes", "classes", "num_labels")
SHAPE = ("image_shape",)
CHANNELS = ("in_chans", "in_channels")
SIDE = ("img_size", "image_size")
SIZE = ("input_size",)
"""Names of what the images determine: number of classes; (channels, height, width); channels;
height, or (height, width) if they differ; and, in torchvision, always (height, width)."""

FROM_IMAGES = frozenset((*CLASSES, *SHAPE, *CHANNELS))
"""Names that a sweep cannot give, because the images determine them."""

_TIMM = ("pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir")
_TORCHVISION = ("pretrained", "weights", "progress")
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Signature:
    """Parameters of a constructor.

    Attributes:
        model: Name of the network in the sweep file.
        parameters: Its parameters by name, with the default as text; None if it has none.
        others: Whether it takes parameters of any other name too.
        passed_on: Those that are not its own, but of what it calls with its `**kwargs`.
    """

    model: str
    parameters: Mapping[str, str | None]
    others: bool
    passed_on: frozenset[str] = frozenset()

    def takes(self, name: str) -> bool:
        """True if it takes a parameter of this name."""
        return name in self.parameters or self.others

    def missing(self, given: Iterable[str]) -> list[str]:
        """Parameters that it requires and that neither the images nor the sweep give."""
        if library_of(self.model):  # the library's own function gives them
            return []
        known = {*given, *FROM_IMAGES, *SIDE}
        return [n for n, default in self.parameters.items() if default is None and n not in known]

    def from_images(self, image_shape: tuple[int, int, int], classes: int) -> dict[str, Any]:
        """Arguments that the images determine.

        Args:
            image_shape: Channels, height and width.
            classes: Number of classes.
        """
        channels, height, width = image_shape
        values: dict[str, Any] = dict.fromkeys(CLASSES, classes)
        values |= dict.fromkeys(SHAPE, image_shape) | dict.fromkeys(CHANNELS, channels)
        values |= dict.fromkeys(SIDE, height if height == width else (height, width))
        if library_of(self.model) == "torchvision":
            values |= dict.fromkeys(SIZE, (height, width))
        found = {name: value for name, value in values.items() if name in self.parameters}
        if self.others and not set(CLASSES) & found.keys():
            found["num_classes"] = classes
        return found

    def __str__(self) -> str:
        """`net:Net(num_classes, width=16)`."""
        words = [n if d is None else f"{n}={d}" for n, d in self.parameters.items()]
        return f"{self.model}({', '.join([*words, *(['**kwargs'] if self.others else [])])})"


def constructor_of(model: str) -> Callable[..., Any]:
    """The class or function that builds a network from outside.

    Args:
        model: Its name.

    Raises:
        ValueError: If there is none; the text is a rule.
    """
    library, name = library_of(model), model.partition(":")[2]
    if library == "timm":
        builder(library, name)
        import timm

        return partial(timm.create_model, name)
    if library is not None:
        return builder(library, name)
    found = import_object(model)
    if not callable(found) or _is_network(found):
        kind = type(found).__name__
        raise UserCodeError(f"must be an nn.Module class or a function that returns one ({kind})")
    if inspect.isclass(found):
        from torch import nn

        if not issubclass(found, nn.Module):
            raise UserCodeError("must be an nn.Module class or a function that returns one")
    made: Callable[..., Any] = found
    return made


def _is_network(found: Any) -> bool:
    from torch import nn

    return isinstance(found, nn.Module)


@lru_cache(maxsize=256)
def signature_of(model: str) -> Signature:
    """The parameters of a network from outside.

    Args:
        model: Its name.

    Raises:
        ValueError: If there is no such network; the text is a rule.
    """
    build = constructor_of(model)
    library = library_of(model)
    if library is None:
        return _own_signature(model, build)
    bare = model.partition(":")[2].partition(".")[0] if library == "timm" else model[12:]
    parameters, others = constructor_parameters(builder(library, bare))
    first = _TIMM if library == "timm" else _TORCHVISION
    parameters = dict.fromkeys(first, None) | parameters
    return Signature(model, _defaults(parameters), others)


def _own_signature(model: str, build: Callable[..., Any]) -> Signature:
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):  # written in C
        return Signature(model, {}, others=True)
    named = {p.name: p for p in parameters if p.kind in _NAMED}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        return Signature(model, _defaults(named), others=False)
    passed = keywords_of(build)
    bases, others = constructor_parameters(_returning(build) if inspect.isclass(build) else build)
    optional = {n: p for n, p in bases.items() if p.default is not p.empty}
    found = _defaults({**optional, **passed.parameters, **named})
    passed_on = frozenset(passed.parameters.keys() - optional.keys() - named.keys())
    return Signature(model, found, others and passed.others, passed_on)


def _returning(kind: type) -> Callable[..., Any]:
    def build() -> Any: ...

    build.__annotations__["return"] = kind
    return build


def _defaults(parameters: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: _default(parameter) for name, parameter in parameters.items()}


def _default(parameter: Any) -> str | None:
    if parameter is None:
        return "None"
    if parameter.default is inspect.Parameter.empty:
        return None
    text = getattr(parameter.default, "__name__", None) or repr(parameter.default)
    return text if len(text) <= 20 else "..."
