"""Names of other libraries that their documentation does not promise, and what happens without.

Every wing that uses such names lists them in one file a library, `..._private.py`, as `NAMES`. A
version of the library that drops one costs what its `without` says, and a line in the log; a test
over all lists fails with the same text.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrivateName:
    """One name.

    Attributes:
        path: `package.module:name`, where `name` may have dots and may be set by `__init__` only;
            `package.module:function(parameter)`; or `package.module "text"` for a word that the
            file of the module must hold, such as the name of an environment variable.
        purpose: What it is used for.
        seen: The versions of the library in which it has been seen.
        without: What happens where it is missing.
    """

    path: str
    purpose: str
    seen: str
    without: str

    def __str__(self) -> str:
        return f"{self.path} ({self.seen}; {self.purpose}) is missing: {self.without}"

    def exists(self) -> bool:
        """Whether the installed version of the library has the name."""
        return bool(_found(self.path)[0])

    def get(self, default: Any = None) -> Any:
        """The object of the name.

        Args:
            default: What stands in for it.

        Returns:
            The object; the default where it is missing, which the log says once.
        """
        found, value = _found(self.path)
        if found:
            return value
        _warn(self)
        return default

    def usable(self) -> bool:
        """As `exists`; the log says once if it does not."""
        return self.exists() or bool(_warn(self))

    def replace(self, new: Callable[..., Any]) -> None:
        """Puts a function of ours in place of the library's, where there is one.

        Args:
            new: The function.
        """
        if not self.usable():
            return
        module, _, names = self.path.partition(":")
        *owners, name = names.split(".")
        owner: Any = import_module(module)
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, new)


@cache
def _warn(name: PrivateName) -> None:
    log.warning("%s", name)


def _found(path: str) -> tuple[bool, Any]:
    """Whether there is such a name, and its object where it is one."""
    if '"' in path:
        module, text, _ = path.split('"')
        return _in_file(module.strip(), text), None
    module, _, names = path.partition(":")
    names, _, parameter = names.rstrip(")").partition("(")
    try:
        value: Any = import_module(module)
    except ImportError:
        return False, None
    for name in names.split("."):
        if not hasattr(value, name):
            return _set_by_init(value, name), None
        value = getattr(value, name)
    if parameter:
        return parameter in signature(value).parameters, value
    return True, value


def _set_by_init(owner: Any, name: str) -> bool:
    kinds = owner.__mro__ if isinstance(owner, type) else ()
    codes = (getattr(vars(kind).get("__init__"), "__code__", None) for kind in kinds)
    return any(name in code.co_names for code in codes if code is not None)


@cache
def _in_file(module: str, text: str) -> bool:
    try:
        spec = find_spec(module)
    except ImportError:
        return False
    if spec is None or spec.origin is None:
        return False
    return text.encode() in Path(spec.origin).read_bytes()
