"""Undocumented names of other libraries that this package uses, and the effect of losing each.

Each wing lists such names as `NAMES` in one file per library, `..._private.py`. If a version of the
library drops one, the effect is what its `without` says, plus a line in the log; a test over all
lists fails with the same text.
"""

import logging
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
    """An undocumented name of a library.

    Attributes:
        path: `package.module:name`, where `name` may have dots and may be set by `__init__` only;
            `package.module:function(parameter)`; or `package.module "text"` for text that the
            module's source must contain, such as the name of an environment variable.
        purpose: What it is used for.
        seen: Versions of the library in which it was found.
        without: What happens if it is missing.
    """

    path: str
    purpose: str
    seen: str
    without: str

    def __str__(self) -> str:
        return f"{self.path} ({self.seen}; {self.purpose}) is missing: {self.without}"

    def exists(self) -> bool:
        """True if the installed version of the library has the name."""
        return bool(_found(self.path)[0])

    def get(self, default: Any = None) -> Any:
        """Looks up the object.

        Args:
            default: Fallback if the name is missing.

        Returns:
            The object, or the default if the name is missing, which is logged once.
        """
        found, value = _found(self.path)
        if found:
            return value
        _warn(self)
        return default

    def usable(self) -> bool:
        """Like `exists`, but logs a missing name once."""
        return self.exists() or bool(_warn(self))

    def replace(self, new: Any) -> None:
        """Replaces the library's object, if it exists.

        Args:
            new: The replacement.
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
    """Returns whether the name exists, and its object if it has one."""
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
