"""Import of the user's own code by name, `package.module:Name`, without an install.

The directories in which it is looked for, the sweep file's and the current one, come first on
Python's module path, as a script's own directory does. They stay there, because code that has been
imported may import more when it runs.
"""

import importlib
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tune_mc1.errors import did_you_mean

FORM = "package.module:Name"

MOST_TEXT = 300
"""Length of the text of an error, of which PyTorch's may have thousands of characters."""

_directories: list[str] = []
"""Directories of the user's code in this process."""


class UserCodeError(ValueError):
    """The user's code cannot be imported; the text is one line, a rule without the value."""


def is_user_code(name: Any) -> bool:
    """True for text of the form `package.module:Name`."""
    if not isinstance(name, str):
        return False
    module, colon, attribute = name.partition(":")
    parts = [*module.split("."), *attribute.split(".")]
    return bool(colon) and all(part.isidentifier() for part in parts)


def look_in(directories: Iterable[Path | str]) -> None:
    """Puts directories first on the module path, in order, unless they are on it already.

    Args:
        directories: Absolute paths.
    """
    given = list(dict.fromkeys(map(str, directories)))
    sys.path[:0] = [directory for directory in given if directory not in sys.path]
    _directories.extend(directory for directory in given if directory not in _directories)
    importlib.invalidate_caches()  # files may be newer than the last look at their directory


def directories_here(directories: Sequence[str], sent: str | None) -> list[str]:
    """The directories as they are on this machine.

    Args:
        directories: Absolute paths on the machine on which the sweep was started.
        sent: Directory of that machine whose copy is the current directory here; None if this is
            the same machine.
    """
    if sent is None:
        return list(directories)
    inside = (Path(d) for d in directories if Path(d).is_relative_to(sent))
    return [str(Path.cwd() / path.relative_to(sent)) for path in inside]


def import_object(name: str) -> Any:
    """Imports an object by its name; `look_in` says where its module may be.

    Args:
        name: `package.module:Name`; the name may be that of a nested class, `Outer.Inner`.

    Raises:
        UserCodeError: If it cannot be imported, with the reason and the line of the file.
    """
    if not is_user_code(name):
        raise UserCodeError(f"must be {FORM}")
    module_name, _, path = name.partition(":")
    module = _import_module(module_name)
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            known = [n for n in vars(found) if not n.startswith("_")]
            hint = did_you_mean(part, known)
            raise UserCodeError(f"{_place(module)} has no {part!r}{hint}")
        found = getattr(found, part)
    return found


def failed_line(error: BaseException) -> str:
    """The line of the user's code at which an exception was raised, as ` (net.py:12)`.

    It is the innermost line in the directories of `look_in`, or else outside of installed packages
    and of this package. Empty if there is none.

    Args:
        error: The exception.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}:{error.lineno})"
    frames = reversed(traceback.extract_tb(error.__traceback__))
    own = [frame for frame in frames if not _installed(frame.filename)]
    within = tuple(f"{directory}/" for directory in _directories)
    own.sort(key=lambda frame: not frame.filename.startswith(within))  # stable: innermost first
    return f" ({Path(own[0].filename).name}:{own[0].lineno})" if own else ""


def reason_of(error: BaseException) -> str:
    """An exception of the user's code in a line: its kind, what it says, and where it was raised.

    Args:
        error: The exception.
    """
    text = " ".join(str(error).split())
    short = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}..."
    return f"{type(error).__name__}: {short}{failed_line(error)}"


_OURS = str(Path(__file__).parents[1]) + "/"


def _installed(filename: str) -> bool:
    library = str(Path(importlib.__file__).parents[1]) + "/"
    return (
        filename.startswith((_OURS, library, "<"))
        or "/site-packages/" in filename
        or "/dist-packages/" in filename
    )


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UserCodeError(_not_found(error.name)) from None
        reason: BaseException = error
    except SystemExit as error:
        rule = 'code that runs belongs under `if __name__ == "__main__"`'
        raise UserCodeError(
            f"module {name} exits when it is imported{failed_line(error)}: {rule}"
        ) from None
    except Exception as error:
        reason = error
    text = " ".join(str(reason).split()) or "no message"
    if isinstance(reason, SyntaxError):
        text = reason.msg
    raise UserCodeError(
        f"module {name} cannot be imported: {type(reason).__name__}: {text}{failed_line(reason)}"
    ) from None


def _not_found(module: str) -> str:
    """There is no such module; names the similar ones of the directory that comes first."""
    parent, _, last = module.rpartition(".")
    inside = parent in sys.modules
    places = list(sys.modules[parent].__path__) if inside else _directories
    files = [path.stem for place in places for path in Path(place).glob("*.py")]
    looked = f"{', '.join(places)}{'' if inside else ', or among the installed packages'}"
    return f"there is no module {module}{did_you_mean(last, files)} (in {looked})"


def _place(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or f"module {module.__name__}")
