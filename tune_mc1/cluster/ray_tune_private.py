"""Imports Ray Tune without what no sweep of ours needs of it.

Ray Tune imports pandas for tables of results that we do not ask for, and Ray Data to break a circle
of imports: two fifths of the time that all its imports take. Each process of a trial imports
IPython, if it is installed, to switch off its output.

Private names of Ray: where it does so.
"""

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


CIRCLE = _name('ray.air "import ray.data"', "leaves out Ray Data")
ANNOTATION = _name(
    'ray.tune.impl.out_of_band_serialize_dataset "def _reduce(ds: ray.data.Dataset)"',
    "same as ray.air",
)
WRITING = _name(
    "ray.tune.execution.experiment_state:out_of_band_serialize_dataset", "same as ray.air"
)
TABLES = _name(
    'ray.tune.analysis.experiment_analysis "from pandas import DataFrame"', "leaves out pandas"
)
IPYTHON = _name("ray.tune.trainable.trainable:disable_ipython", "leaves out IPython")
NAMES = (CIRCLE, ANNOTATION, WRITING, TABLES, IPYTHON)

DATA = "ray.data"
LATER = {DATA: "Dataset", "pandas": "DataFrame"}
"""Modules that Ray Tune imports, and their class that it names as it is imported."""


def load_tune() -> None:
    """Imports Ray Tune, unless it is imported.

    Afterwards pandas and Ray Data can be imported as usual, and what Ray Tune does with them has
    them imported.
    """
    if "ray.tune" not in sys.modules and CIRCLE.usable():
        with suppress(ImportError), _later(name for name in LATER if name not in sys.modules):
            import_module("ray.tune")
        if (usual := WRITING.get()) is not None:
            WRITING.replace(lambda: _writing(usual))
    import_module("ray.tune")
    if "IPython" not in sys.modules:
        IPYTHON.replace(lambda: None)


@contextmanager
def _later(modules: Iterator[str]) -> Iterator[None]:
    """A block in which imports of modules get what imports them when it is used.

    Other threads, such as those that load images meanwhile, have them imported.
    """
    stand_ins = {name: _Module(name) for name in modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for stand_in in stand_ins.values():
            stand_in.make_way()


class _Module(ModuleType):
    """In the place of a module, which is imported for all but one class in one thread."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.thread = get_ident()

    def make_way(self) -> None:
        """Lets the module be imported."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self and get_ident() == self.thread:
            if name == LATER[self.__name__]:
                return _Class(name, (), {"__module__": self.__name__})
            if name.startswith("__"):  # asked for by the import itself
                raise AttributeError(name)
        self.make_way()
        return getattr(import_module(self.__name__), name)


class _Class(type):
    """Metaclass of what is in the place of a class."""

    @property
    def _real(cls) -> Any:
        return getattr(import_module(cls.__module__), cls.__name__)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._real, name)

    def __call__(cls, *args: Any, **named: Any) -> Any:
        return cls._real(*args, **named)

    def __instancecheck__(cls, value: object) -> bool:
        return cls.__module__ in sys.modules and isinstance(value, cls._real)


def _writing(usual: "type[AbstractContextManager[None]]") -> AbstractContextManager[None]:
    """Ray's block that writes its state, which needs Ray Data if any was used."""
    return usual() if DATA in sys.modules else nullcontext()
