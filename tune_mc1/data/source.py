"""Data sources: base class, registry, and loading by the word in `data:`.

Nothing heavy is imported before images are read, so that a wrong word is reported at once.
"""

import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tune_mc1.config.image_files import ImageFiles, as_files
from tune_mc1.data.request import Notify, Request
from tune_mc1.errors import DataError, did_you_mean
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


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
        certain: Whether shape and number of classes are always these, so that trials can be checked
            before images are read.
        keys: Keys that the mapping in `data:` may have besides `path`.
    """

    name: ClassVar[str]
    fixed: ClassVar[bool] = True
    by_path: ClassVar[bool] = False
    form: ClassVar[str | None] = None
    usual_images: ClassVar[int] = 45_000
    usual_shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    usual_classes: ClassVar[int] = 10
    certain: ClassVar[bool] = False
    keys: ClassVar[tuple[str, ...]] = ()

    def takes(self, spec: str) -> bool:
        """True if a word in `data:` means this source; its name, without a `form`, always does.

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
            `rule, got value`, which follows `data: ` in the message; None if it is valid.

        Raises:
            OSError: If a file cannot be accessed.
            ValueError: Instead of returning; its text is the rule that the word violates.
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

    def read(self, request: Request) -> "ImageData":
        """Loads the images as they are wanted; `load_data` resizes those that are not yet.

        Raises:
            DataError: As `load`.
        """
        return self.load(request.files.path, request.home, request.notify)


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
    data: str | ImageFiles,
    *,
    home: Path | None = None,
    notify: Notify = _to_stderr,
    image_size: int | None = None,
    part: float = 1.0,
    pixels: bool = True,
    lazy: bool = False,
) -> "ImageData":
    """Loads the images that `data:` names.

    Args:
        data: The name of a source, a folder or file, or a mapping with one of these as its path.
        home: Folder of data sets; by default TUNE_MC1_DATA, or a folder in the user's cache.
        notify: Called with each notice.
        image_size: Height and width to which images are brought; None keeps their own.
        part: Fraction of the images of each class to load (`limit_images`).
        pixels: Whether they are decoded; a source of compressed images can count them without that.
        lazy: Whether they may be decoded when they are looked at, which pays for a few of many.

    Raises:
        DataError: In one line, naming what is missing, broken or malformed.
    """
    if problem := check_data_spec(data, home):
        raise DataError(f"data: {problem}")
    from tune_mc1.data.resize import fit_data
    from tune_mc1.data.splits import limit_images

    source = find_source(data)
    assert source is not None, "the check finds one"
    loaded = source.read(Request(as_files(data), home, notify, image_size, part, pixels, lazy))
    if problem := loaded.problem():
        raise DataError(f"data: {data}: {problem}")
    return fit_data(limit_images(loaded, part), image_size)


def from_anywhere(data: str | ImageFiles) -> str | ImageFiles:
    """What names the same images from any directory: a path becomes absolute."""
    source = find_source(data)
    if source is None or not source.by_path:
        return data
    path = str(Path(as_files(data).path).absolute())
    return path if isinstance(data, str) else data.model_copy(update={"path": path})


def find_source(data: str | ImageFiles) -> Source | None:
    """The source that `data:` means, if there is one."""
    try:
        return _source_of(as_files(data).path)
    except OSError:  # a path that cannot be accessed
        return None


def check_data_spec(data: str | ImageFiles, home: Path | None = None) -> str | None:
    """Checks `data:` without reading any image.

    Args:
        data: As in `load_data`.
        home: As in `load_data`.

    Returns:
        `rule, got value`, which follows `file: data: ` in the message; None if it is valid.
    """
    files = as_files(data)
    try:
        if source := _source_of(files.path):
            return source.check(files.path, home) or _key_problem(source, files)
    except OSError as error:
        return f"{must_be(files.path)} ({error.strerror})"
    except ValueError as error:
        return f"{error}, got {files.path!r}"
    return must_be(files.path) + (did_you_mean(files.path, _words()) or " (no such path)")


def _key_problem(source: Source, files: ImageFiles) -> str | None:
    """Why a source does not take the keys of the mapping."""
    for key, value in files.given.items():
        if key not in source.keys:
            keys = f"besides path only {', '.join(source.keys)}" if source.keys else "only path"
            shown = str(value).lower() if isinstance(value, bool) else value
            return f"must have {keys} for {source.form or source.name}, got {key}: {shown}"
    return None


def must_be(spec: str) -> str:
    """The rule for the word in `data:`, with the word that breaks it."""
    forms = [source.form or source.name for source in SOURCES.values() if source.by_path]
    return f"must be {', '.join([*_words(), *forms[:-1]])} or {forms[-1]}, got {spec!r}"


def check_data_form(data: str | ImageFiles) -> str | None:
    """Checks `data:` if another machine will read the images.

    Args:
        data: As in `load_data`.

    Returns:
        `rule, got value`, which follows `file: data: ` in the message; None if it is valid.
    """
    spec = as_files(data).path
    if spec.startswith("/") or any(_means(spec, source) for source in _named()):
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
    return next((source for source in sources if _means(spec, source)), None)


def _means(spec: str, source: Source) -> bool:
    """Whether a word means a source: a `takes` of a package's own need not know the name."""
    is_word = not source.by_path and source.form is None
    return (is_word and spec == source.name) or source.takes(spec)


def _named() -> list[Source]:
    """Sources that are not kinds of paths, `fixed` ones first."""
    named = (source for source in SOURCES.values() if not source.by_path)
    return sorted(named, key=lambda source: not source.fixed)


def _words() -> list[str]:
    return [source.form or source.name for source in _named()]
