"""Imports Ray Tune without what no sweep of ours needs of it.

Ray Tune imports pandas for tables of results that we do not ask for, and Ray Data to break a circle
of imports: two fifths of the time that all its imports take. Each process of a trial imports
IPython, if it is installed, to switch off its output.

Private names of Ray: where it does so.
"""

import builtins
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module
from threading import get_ident
from types import ModuleType
from typing import Any

from tune_mc1.private_names import PrivateName


def _name(path: str, purpose: str) -> PrivateName:
    without = "each process of a sweep takes some tenths of a second longer to start"
    return PrivateName(path, purpose, "seen in Ray 2.60", without)


WRITING = _name(
    "ray.tune.execution.experiment_state:out_of_band_serialize_dataset", "leaves out Ray Data"
)
IPYTHON = _name("ray.tune.trainable.trainable:disable_ipython", "leaves out IPython")
NAMES = (WRITING, IPYTHON)

DATA = "ray.data"
LATER = {DATA: "Dataset", "pandas": "DataFrame"}
"""Modules that Ray Tune imports, and their class that it names as it is imported."""


def load_tune() -> None:
    """Imports Ray Tune, unless it is imported.

    Afterwards pandas and Ray Data can be imported as usual, and what Ray Tune does with them has
    them imported.
    """
    if "ray.tune" in sys.modules:
        return
    with suppress(ImportError), _later(name for name in LATER if name not in sys.modules):
        import_module("ray.tune")
    import_module("ray.tune")
    if (writing := WRITING.get()) is not None:
        WRITING.replace(lambda: _writing(writing))
    if (disable := IPYTHON.get()) is not None:
        IPYTHON.replace(lambda: disable() if "IPython" in sys.modules else None)


@contextmanager
def _later(modules: Iterator[str]) -> Iterator[None]:
    """A block in which Ray's imports of modules get what imports them when it is used.

    This holds for modules of Ray and for this thread alone; others load images meanwhile.
    """
    import ray

    stand_ins = {name: _Module(name) for name in modules}
    usual, thread = builtins.__import__, get_ident()

    def import_(name: str, globals_: Any = None, *args: Any, **named: Any) -> Any:
        importer = str((globals_ or {}).get("__name__"))
        if name in stand_ins and importer.startswith("ray.") and get_ident() == thread:
            return ray if name == DATA else stand_ins[name]  # `import ray.data` binds `ray`
        return usual(name, globals_, *args, **named)

    if DATA in stand_ins:
        vars(ray)["data"] = stand_ins[DATA]
    setattr(builtins, "__import__", import_)  # noqa: B010 (mypy wants the very same types)
    try:
        yield
    finally:
        builtins.__import__ = usual
        if vars(ray).get("data") is stand_ins.get(DATA):
            vars(ray).pop("data", None)


class _Module(ModuleType):
    """In the place of a module, which is imported for all but one class."""

    def __getattr__(self, name: str) -> Any:
        if name == LATER[self.__name__]:
            return _Class(self.__name__, name)
        return getattr(import_module(self.__name__), name)


class _Class:
    """In the place of a class, whose module is imported when it is used."""

    def __init__(self, module: str, name: str) -> None:
        self._path = module, name

    @property
    def _real(self) -> Any:
        module, name = self._path
        return getattr(import_module(module), name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by `typing`, of annotations
            raise AttributeError(name)
        return getattr(self._real, name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._real(*args, **named)

    def __instancecheck__(self, value: object) -> bool:
        return self._path[0] in sys.modules and isinstance(value, self._real)

    def __subclasscheck__(self, kind: type) -> bool:
        return self._path[0] in sys.modules and issubclass(kind, self._real)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type]:
        return (self._real,)


def _writing(usual: "type[AbstractContextManager[None]]") -> AbstractContextManager[None]:
    """Ray's block that writes its state, which needs Ray Data if any was used."""
    return usual() if DATA in sys.modules else nullcontext()
