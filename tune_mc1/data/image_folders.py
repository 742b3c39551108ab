"""Images in folders: one directory per class, optionally below `train/`, `val/` and `test/`."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tune_mc1.data.assemble import Part, assemble
from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.images import ImageData
from tune_mc1.data.request import Notify, Request
from tune_mc1.data.split_words import SPLIT_WORDS
from tune_mc1.errors import DataError, did_you_mean

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)


def read_folders(root: Path, request: Request) -> ImageData:
    """Reads a folder with one directory per class.

    Classes are in the order of their names. Without test images, a sixth of each class becomes the
    test split.

    Args:
        root: The folder.
        request: What is wanted.

    Raises:
        DataError: Naming the faulty file or folder.
    """
    try:
        return _read(root, request)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _read(root: Path, request: Request) -> ImageData:
    places = find_splits(root, request.files.splits, request.notify)
    _say_unread(root, places, request.notify)
    files = {split: _class_files(place) for split, place in places.items()}
    skipped = [p for found in files.values() for own in found.values() for p in own[1]]
    if skipped:
        text = f"{root}: ignored {len(skipped)} files that are not images, such as {skipped[0]}"
        request.notify(text)
    classes = _classes(places, files, request.notify)
    if len(classes) == 1 and (hint := _hint(places["train"], classes[0])):
        raise DataError(f"{root}: must have at least 2 classes, got 1 ({classes[0]}){hint}")
    parts = {split: _part(found, classes) for split, found in files.items()}
    for split, part in parts.items():
        if not part.images and split != "train":
            raise DataError(f"{places[split]}: must have images, got none")
    return assemble(root.resolve().name, root, parts, tuple(classes), request)


ClassFiles = dict[str, tuple[list[Path], list[Path]]]
"""Image files and other files of each class."""


def find_splits(root: Path, splits: bool | None, notify: Notify) -> dict[str, Path]:
    """The folders of the splits, each with one folder per class; only `train` if there are none.

    Args:
        root: The folder.
        splits: Whether folders with the names of splits are splits; None if nothing was said.
        notify: Called with each notice.

    Raises:
        DataError: If they can be classes as well, or do not make a data set.
    """
    named = {} if splits is False else _named_splits(root)
    if not named:
        if splits:
            raise DataError(f"{root}: must have a folder train, as splits is true, got none")
        return {"train": root}
    others = [f for f in subfolders(root) if f not in named.values() and _has_images(f)]
    if others and splits is None and not _same_classes(named):
        first = next(iter(named.values())).name
        raise DataError(
            f"{root}: {first}/ may be a split or, like {others[0].name}/, a class; write "
            f"`data: {{path: {root}, splits: true}}` if it is a split, or `splits: false` if it is "
            "a class"
        )
    if others:
        names = ", ".join(f"{folder.name}/" for folder in others[:3])
        notify(f"{root}: ignored what is in no split: {names}{', ...' if others[3:] else ''}")
    if "train" not in named:
        found = ", ".join(f"{folder.name}/" for folder in named.values())
        raise DataError(f"{root}: must have training images in a folder train/, got only {found}")
    return named


def _named_splits(root: Path) -> dict[str, Path]:
    """Folders with the names of splits, in the order of the splits."""
    found: dict[str, Path] = {}
    for split, words in SPLIT_WORDS.items():
        own = [folder for folder in subfolders(root) if folder.name.lower() in words]
        if len(own) > 1:
            raise DataError(
                f"{root}: must have one folder of the {split} split, got {own[0].name}/ and "
                f"{own[1].name}/"
            )
        found |= dict.fromkeys([split] * len(own), own[0]) if own else {}
    return found


def _same_classes(named: Mapping[str, Path]) -> bool:
    """Whether there are several splits with the same class folders: then they are no classes."""
    names = [{folder.name for folder in subfolders(place)} for place in named.values()]
    return len(names) > 1 and bool(names[0]) and all(own == names[0] for own in names)


def _classes(
    places: Mapping[str, Path], files: Mapping[str, ClassFiles], notify: Notify
) -> list[str]:
    """Names of the classes that have images, in order."""
    train = files["train"]
    if not train:
        place = places["train"]
        raise DataError(f"{place}: must have one folder per class, got none{_hint(place)}")
    counts: Counter[str] = Counter()
    for found in files.values():
        counts.update({name: len(images) for name, (images, _) in found.items()})
    empty = sorted(name for name, count in counts.items() if not count)
    if empty:
        names = ", ".join(empty[:3]) + (", ..." if empty[3:] else "")
        notify(f"{places['train']}: ignored class folders without images: {names}")
    for split, found in files.items():
        foreign = sorted(n for n in found if counts[n] and n not in train)
        if foreign:
            place, own = places[split] / foreign[0], foreign[0]
            hint = did_you_mean(own, sorted(train))
            raise DataError(f"{place}: must be a class of {places['train']}, got {own!r}{hint}")
    return sorted(name for name, count in counts.items() if count)


def _hint(place: Path, only: str | None = None) -> str:
    """Where the classes of a folder without several of them may be: in a table, or below.

    Args:
        place: The folder.
        only: Its only class.
    """
    tables = sorted(path for path in place.iterdir() if path.suffix.lower() in (".csv", ".tsv"))
    if tables:
        return f"; {tables[0].name} can be named instead, if it lists them (data: {tables[0]})"
    if only is not None and subfolders(place / only):
        return f"; if {only}/ is the data set, name it (data: {place / only})"
    return ""


def _say_unread(root: Path, places: Mapping[str, Path], notify: Notify) -> None:
    """Says which images are in no class: those of hidden folders, and those beside the classes."""
    above = dict.fromkeys([root, *places.values()])
    for place in above | dict.fromkeys(f for split in places.values() for f in subfolders(split)):
        hidden = [folder for folder in _hidden_folders(place) if _has_images(folder)]
        if hidden:
            names = ", ".join(f"{p.name}/" for p in hidden[:3])
            notify(f"{place}: ignored hidden folders: {names}{', ...' if hidden[3:] else ''}")
    for place in above:
        loose = [p for p in sorted(place.iterdir()) if _is_image(p) and p.is_file()]
        if loose:
            text = f"ignored {len(loose)} images in no class folder, such as {loose[0].name}"
            notify(f"{place}: {text}")


def subfolders(folder: Path) -> list[Path]:
    """Subdirectories of a folder by name, without hidden ones."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _hidden_folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        hidden = (entry for entry in entries if entry.name.startswith(".") and entry.is_dir())
        return sorted(Path(entry.path) for entry in hidden)


def _class_files(split: Path) -> ClassFiles:
    found = {}
    for folder in subfolders(split):
        files = sorted(files_below(folder))
        images = [p for p in files if _is_image(p)]
        found[folder.name] = images, [p for p in files if not _is_image(p)]
    return found


def _part(files: ClassFiles, classes: list[str]) -> Part:
    images = [files.get(name, ([], []))[0] for name in classes]
    labels = np.repeat(np.arange(len(classes)), [len(own) for own in images])
    return Part([Encoded(str(p), p) for own in images for p in own], labels)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def _has_images(folder: Path) -> bool:
    return any(path.suffix.lower() in IMAGE_SUFFIXES for path in files_below(folder))


def files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, each once, without hidden ones and those of hidden folders.

    A link to a folder is followed, unless the files there are found already.
    """

    def fail(error: OSError) -> None:  # by default, os.walk skips unreadable folders
        raise error

    seen: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in names if not name.startswith("."))
