"""Postpones the import of PyTorch's compiler until something needs it.

Lightning imports `torch._dynamo`, the front end of `torch.compile`, for a class that it compares
with and for a decorator, and each step of an optimiser imports it for `graph_break`. The import
takes as much CPU as all the rest of Lightning three times, in each process that trains, and our
training does not compile.
"""

import sys
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial, wraps
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch

from tune_mc1.private_names import PrivateName

COMPILER = "torch._dynamo"

DYNAMO = PrivateName(
    'torch._dynamo "OptimizedModule"',
    "postpones the import of PyTorch's compiler until something compiles",
    "seen in PyTorch 2.14",
    "each process takes a second longer to start",
)
NAMES = (DYNAMO,)


class _Compiled(type):
    """Metaclass of a stand-in for `OptimizedModule`: its instances are those of the real class."""

    def __instancecheck__(cls, value: object) -> bool:
        real = sys.modules.get(f"{COMPILER}.eval_frame")
        return real is not None and isinstance(value, real.OptimizedModule)


class _OptimizedModule(metaclass=_Compiled):
    """Stand-in for the class of compiled modules."""


class LazyDynamo(ModuleType):
    """Stand-in for `torch._dynamo`, which imports it as soon as any other name is needed.

    Until then nothing is compiled: `disable` and `graph_break` have nothing to do, and no module is
    an `OptimizedModule`.
    """

    OptimizedModule = _OptimizedModule

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(COMPILER, "Imported when it is needed.")
        self.__spec__, self.__file__ = spec, spec.origin
        self.__path__ = spec.submodule_search_locations or []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real(), name)

    def disable(self, fn: Callable[..., Any] | None = None, *args: Any, **options: Any) -> Any:
        """Decorator of a function that must not be compiled."""
        decorate = partial(self._disable, args, options)
        return decorate if fn is None else decorate(fn)

    def _disable(
        self, args: tuple[Any, ...], options: dict[str, Any], fn: Callable[..., Any]
    ) -> Callable[..., Any]:
        disabled: list[Callable[..., Any]] = []

        @wraps(fn)
        def call(*given: Any, **named: Any) -> Any:
            if not self.replaced():
                return fn(*given, **named)
            if not disabled:
                disabled.append(self.real().disable(fn, *args, **options))
            return disabled[0](*given, **named)

        return call

    def graph_break(self, *args: Any, **options: Any) -> None:
        """Splits what is compiled here."""
        if self.replaced():
            self.real().graph_break(*args, **options)

    def replaced(self) -> bool:
        """True once the real module is imported, or being imported."""
        return sys.modules.get(COMPILER) is not self

    def real(self) -> ModuleType:
        """Imports the real module."""
        if not self.replaced():
            del sys.modules[COMPILER]
            torch._dynamo = import_module(COMPILER)
        return sys.modules[COMPILER]


class _Submodules(MetaPathFinder, Loader):
    """Imports the real module before any of its submodules, each of them once."""

    def __init__(self, lazy: LazyDynamo) -> None:
        self.lazy = lazy

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{COMPILER}.") or self.lazy.replaced():
            return None
        self.lazy.real()
        module = sys.modules.get(fullname)
        if module is None or module.__spec__ is None:
            return None
        self.spec, found = module.__spec__, copy(module.__spec__)
        found.loader = self
        return found

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


def postpone_dynamo() -> None:
    """Puts a stand-in in the place of `torch._dynamo`, unless that is already imported.

    It does not where there is a GPU: steps recorded as CUDA graphs were not tried with it.
    """
    if COMPILER in sys.modules or torch.cuda.is_available() or not DYNAMO.usable():
        return
    spec = find_spec(COMPILER)
    if spec is not None:
        torch._dynamo = sys.modules[COMPILER] = lazy = LazyDynamo(spec)
        sys.meta_path.insert(0, _Submodules(lazy))
