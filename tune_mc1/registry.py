"""Registries of models, optimisers, searches and so on, looked up by name.

Each wing has one registry per kind of part. A part registers itself when its module is imported:
built-in parts are in the registry's own folder or table, parts of other packages are declared by an
entry point in the group `tune_mc1.plugins` (docs/extending.md). Both are imported at the first
lookup, in whichever process that happens, so the driver and Ray's workers know the same names.
"""

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from typing import Any, Generic, TypeVar

from tune_mc1.errors import InputError, did_you_mean

GROUP = "tune_mc1.plugins"
"""Entry point group in which other packages declare the modules that register their parts."""

T = TypeVar("T")

_lock = RLock()
_plugins: dict[str, EntryPoint] | None = None
_all_plugins: dict[str, EntryPoint] | None = None
"""The plugins, once all of them are imported: they are asked for very often."""
_failure: InputError | None = None


class Registry(Mapping[str, T], Generic[T]):
    """Parts of one kind by name, in order of registration.

    Args:
        kind: A noun for messages, such as `model`.
        folder: Package whose modules are imported at the first lookup, in alphabetical order, to
            register the built-in parts; None if those are registered next to the registry.
    """

    def __init__(self, kind: str, folder: str | None = None) -> None:
        self.kind = kind
        self._folder = folder
        self._loading = False
        self._parts: dict[str, T] = {}

    def register(self, name: str, part: T) -> T:
        """Adds a part.

        Args:
            name: Its name in sweep files and flags.
            part: The part.

        Returns:
            The part.

        Raises:
            ValueError: If another part has the name.
            InputError: If the name is that of a part that ships, and a plugin has taken it.
        """
        if name in self._parts:
            message = f"{self.kind} {name!r} is already registered"
            if self._loading:
                message = (
                    f"{self.kind} {name!r} ships with tune_mc1: a plugin must not take its name"
                )
                raise InputError(message)
            raise ValueError(message)
        self._parts[name] = part
        return part

    def find(self, name: str) -> T:
        """Looks up a part.

        Raises:
            ValueError: If there is none of this name; the message lists the known ones.
        """
        if name not in self:
            hint = did_you_mean(name, list(self))
            raise ValueError(f"must be one of {', '.join(self)}{hint}")
        return self[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parts, in order of registration."""
        self._load()
        return tuple(self._parts)

    def __getitem__(self, name: str) -> T:
        self._load_folder()  # a plugin's part must not hide a built-in one
        if name not in self._parts:  # names are unique: a known part needs no plugin
            self._load()
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._parts)

    def __len__(self) -> int:
        self._load()
        return len(self._parts)

    def _load(self) -> None:
        self._load_folder()
        load_plugins()

    def _load_folder(self) -> None:
        if self._folder is None:
            return
        with _lock:
            folder, self._folder = self._folder, None
            if folder is None:
                return
            self._loading = True
            try:
                for module in pkgutil.iter_modules(import_module(folder).__path__):
                    import_module(f"{folder}.{module.name}")
            finally:
                self._loading = False


def load_plugins() -> Mapping[str, EntryPoint]:
    """Imports the plugin modules of other packages, once per process.

    Returns:
        Their entry points by name.

    Raises:
        InputError: If one cannot be imported.
    """
    global _plugins, _failure, _all_plugins  # noqa: PLW0603  once per process
    if _all_plugins is not None:
        return _all_plugins
    with _lock:
        if _failure is not None:  # a second try would find half of its parts registered
            raise _failure
        if _plugins is None:
            _plugins = {}  # a plugin that looks something up must not load itself again
            for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
                try:
                    point.load()
                except (Exception, SystemExit) as error:
                    _failure = InputError(f"{_origin(point)}: cannot be imported: {error!r}")
                    raise _failure from error
                _plugins[point.name] = point
            _all_plugins = _plugins
        return _plugins


def resolve(path: str) -> Any:
    """Imports an object by its path, which defers a slow import until it is needed.

    Args:
        path: `package.module:name`.

    Raises:
        ImportError: If there is no such module.
        AttributeError: If the module has no such name.
    """
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _origin(point: EntryPoint) -> str:
    package = f" of {package_of(point)}" if point.dist is not None else ""
    return f"plugin {point.name}{package} ({point.value})"


def package_of(point: EntryPoint) -> str:
    """Name and version of the package that declares a plugin; its module if that is not known."""
    return point.value if point.dist is None else f"{point.dist.name} {point.dist.version}"
