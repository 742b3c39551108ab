"""Data sources: base class, registry, and loading by the word in `data:`.

Nothing heavy is imported before images are read, so that a wrong word is reported at once.
"""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tune_mc1.errors import DataError, did_you_mean
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData

HOME_VARIABLE = "TUNE_MC1_DATA"

Notify = Callable[[str], None]


class Source(ABC):
    """Source of images: a word in `data:`, or a kind of path.

    `register_source` registers it. Every command imports its module, so keep its imports light.

    Attributes:
        name: The word in `data:`, in lower case; for a kind of path, any unique name.
        fixed: Whether the word always stands for the same images, and equals `ImageData.name`.
            Resumed sweeps and reports then find the images by that name.
        by_path: Whether the word is a path, which is only valid on one machine.
        form: Description in messages for a kind of path, such as `a folder`.
        usual_images: Training images of a trial, for forecasts.
        usual_shape: Channels, height and width of the images, for forecasts and, if `fixed`, for
            reports on results that lack them.
        usual_classes: Number of classes, for forecasts.
    """

    name: ClassVar[str]
    fixed: ClassVar[bool] = True
    by_path: ClassVar[bool] = False
    form: ClassVar[str | None] = None
    usual_images: ClassVar[int] = 45_000
    usual_shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    usual_classes: ClassVar[int] = 10

    def takes(self, spec: str) -> bool:
        """True if the word in `data:` means this source.

        Raises:
            OSError: If it is a path that cannot be accessed.
        """
        return spec == self.name

    def check(self, spec: str, home: Path | None) -> str | None:
        """Checks the word without reading images; must be fast.

        Args:
            spec: The word in `data:`.
            home: Folder of data sets, as in `load_data`.

        Returns:
            `rule, got value`, which follows `file: data: ` in the message; None if it is valid.

        Raises:
            OSError: If a file cannot be accessed.
        """
        return None

    def needs_network(self, spec: str, home: Path | None) -> bool:
        """True if `load` would download something now."""
        return False

    @abstractmethod
    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Loads the images.

        Args:
            spec: The word in `data:`.
            home: Folder of data sets, as in `load_data`.
            notify: Called with each notice for the user.

        Raises:
            DataError: In one line, naming what is missing, broken or malformed.
        """


SOURCES: Registry[Source] = Registry("data set", folder="tune_mc1.data.sources")
"""Data sources by name."""


def register_source(source: type[Source]) -> type[Source]:
    """Class decorator that registers a data source.

    Args:
        source: A class that is instantiated without arguments.
    """
    SOURCES.register(source.name, source())
    return source


def _to_stderr(message: str) -> None:
    print(message, file=sys.stderr)


def load_data(
    spec: str, *, home: Path | None = None, notify: Callable[[str], None] = _to_stderr
) -> "ImageData":
    """Loads the images that `data:` names.

    Args:
        spec: The name of a source, such as `cifar10` (on disk, or downloaded), `shapes10`
            (generated) or `auto` (CIFAR-10 if available, else shapes10); a folder, or a parquet
            file.
        home: Folder of data sets; by default TUNE_MC1_DATA, or a folder in the user's cache.
        notify: Called with each notice, for example that `auto` fell back to shapes10.

    Raises:
        DataError: In one line, naming what is missing, broken or malformed.
    """
    if problem := check_data_spec(spec, home):
        raise DataError(f"data: {problem}")
    source = find_source(spec)
    assert source is not None, "the check finds one"
    data = source.load(spec, home, notify)
    if problem := data.problem():
        raise DataError(f"data: {spec}: {problem}")
    return data


def find_source(spec: str) -> Source | None:
    """The source that a word in `data:` means, if there is one."""
    try:
        return _source_of(spec)
    except OSError:  # a path that cannot be accessed
        return None


def check_data_spec(spec: str, home: Path | None = None) -> str | None:
    """Checks the word in `data:` without reading any image.

    Args:
        spec: As in `load_data`.
        home: As in `load_data`.

    Returns:
        `rule, got value`, which follows `file: data: ` in the message; None if it is valid.
    """
    try:
        if source := _source_of(spec):
            return source.check(spec, home)
    except OSError as error:
        return f"{must_be(spec)} ({error.strerror})"
    return must_be(spec) + (did_you_mean(spec, _words()) or " (no such path)")


def must_be(spec: str) -> str:
    """The rule for the word in `data:`, with the word that breaks it."""
    forms = [source.form or source.name for source in SOURCES.values() if source.by_path]
    return f"must be {', '.join([*_words(), *forms[:-1]])} or {forms[-1]}, got {spec!r}"


def check_data_form(spec: str) -> str | None:
    """Checks the word in `data:` if another machine will read the images.

    Args:
        spec: As in `load_data`.

    Returns:
        `rule, got value`, which follows `file: data: ` in the message; None if it is valid.
    """
    if spec.startswith("/") or any(source.takes(spec) for source in _named()):
        return None
    return (
        f"must be {', '.join(_words())}, or an absolute path on the cluster, got {spec!r}"
        f"{did_you_mean(spec, _words())}"
    )


def fixed_source(name: str) -> Source | None:
    """The `fixed` source whose data set has this name (`ImageData.name`), if any."""
    source = SOURCES.get(name)
    return source if source is not None and source.fixed else None


def _source_of(spec: str) -> Source | None:
    sources = sorted(SOURCES.values(), key=lambda source: source.by_path)
    return next((source for source in sources if source.takes(spec)), None)


def _named() -> list[Source]:
    """Sources that are not kinds of paths, `fixed` ones first."""
    named = (source for source in SOURCES.values() if not source.by_path)
    return sorted(named, key=lambda source: not source.fixed)


def _words() -> list[str]:
    return [source.form or source.name for source in _named()]


def data_home(home: Path | None = None) -> Path:
    """The folder of data sets, whether or not it exists.

    Args:
        home: Overrides the default.

    Raises:
        DataError: If neither the variable nor a home directory is set.
    """
    if home is not None:
        return home
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named).expanduser()
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache, "tune_mc1")
    try:
        return Path.home() / ".cache" / "tune_mc1"
    except RuntimeError as error:
        raise DataError(
            f"{HOME_VARIABLE}: must name a folder for images, as there is no home directory"
        ) from error
