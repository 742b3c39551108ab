"""Networks of timm and torchvision by name. Imports a library, and with it torch, when it is asked.

Only networks that classify images are known.
"""

import inspect
import typing
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from tune_mc1.config.model_names import LIBRARIES

INSTALL = {"timm": "pip install 'tune_mc1[timm]'", "torchvision": "pip install torchvision"}


class UnknownModelError(ValueError):
    """A library has no such network, or is not installed; the text is a rule."""


def libraries_with(name: str) -> list[str]:
    """Installed libraries that have a network of exactly this name, torchvision first."""
    return [lib for lib in reversed(LIBRARIES) if find_spec(lib) and name in networks(lib)]


@lru_cache
def networks(library: str) -> tuple[str, ...]:
    """Names of the networks of an installed library."""
    if library == "timm":
        import timm

        return tuple(timm.list_models())
    from torchvision import models

    return tuple(models.list_models(module=models))


def builder(library: str, name: str) -> Callable[..., Any]:
    """The function of a library that builds a network.

    Args:
        library: `timm` or `torchvision`.
        name: The network; of timm also with the tag of its weights, `resnet18.a1_in1k`.

    Raises:
        UnknownModelError: If it has no such network, with the nearest names of both libraries.
    """
    if find_spec(library) is None:
        raise UnknownModelError(f"needs {library}, which is not installed: {INSTALL[library]}")
    bare = name.partition(".")[0] if library == "timm" else name
    if bare not in networks(library):
        near = nearest(name)
        hint = f", did you mean {' or '.join(near)}?" if near else ""
        raise UnknownModelError(f"{library} has no network of this name{hint}")
    if library == "timm":
        import timm

        entry: Callable[..., Any] = timm.model_entrypoint(bare)
        return entry
    from torchvision import models

    build: Callable[..., Any] = models.get_model_builder(name)
    return build


def nearest(name: str) -> list[str]:
    """The names of networks of installed libraries that are nearest to a name, with the library."""
    known = {f"{lib}:{n}": n for lib in LIBRARIES if find_spec(lib) for n in networks(lib)}
    names = get_close_matches(name.lower(), set(known.values()), n=3, cutoff=0.6)
    return [full for n in names for full, bare in known.items() if bare == n][:4]


def constructor_parameters(build: Callable[..., Any]) -> tuple[dict[str, Any], bool]:
    """Parameters of the class that a library's function passes its keywords to.

    Args:
        build: The function; its return annotation is the class.

    Returns:
        `inspect.Parameter`s by name, and whether there may be others.
    """
    try:
        made = typing.get_type_hints(build).get("return")
    except Exception:  # a name that is imported for type checkers only
        made = None
    if not inspect.isclass(made):
        return {}, True
    found: dict[str, Any] = {}
    for kind in _constructors(made):
        parameters = list(inspect.signature(kind).parameters.values())[1:]
        others = any(p.kind is p.VAR_KEYWORD for p in parameters)
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        found = {p.name: p for p in named} | found
        if not others:
            return found, False
    return found, True


def _constructors(made: type) -> Iterator[Callable[..., Any]]:
    """The constructors of a class and its bases, up to torch's own."""
    for kind in made.__mro__:
        if kind.__module__.startswith("torch.nn.modules"):
            return
        if "__init__" in vars(kind):
            yield vars(kind)["__init__"]
