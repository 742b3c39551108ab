"""Data sets of `torchvision.datasets` that are on disk."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from tune_mc1.data.assemble import Part, assemble
from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.images import ImageData, Labels
from tune_mc1.data.request import Request
from tune_mc1.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_SPLITS = {"train": ("train",), "val": ("val", "valid"), "test": ("test",)}
_TARGETS = ("targets", "labels", "_labels", "y")
"""Attributes in which data sets of torchvision keep their labels."""

_lock = Lock()  # a data set may have a file that is open


@dataclass(frozen=True)
class Item(Encoded):
    """An image of a data set of torchvision."""

    def open(self) -> "PillowImage":
        """The image, which the data set decodes."""
        assert callable(self.content)
        with _lock:
            image: Any = self.content()
        if not hasattr(image, "convert"):
            raise DataError(f"{self.where}: must be an image, got {type(image).__name__}")
        return image  # type: ignore[no-any-return]


def read_torchvision(name: str, home: Path, request: Request) -> ImageData:
    """Reads a data set; nothing is downloaded.

    Args:
        name: Name of its class in `torchvision.datasets`.
        home: Folder in which it is, or in which a folder with its name is.
        request: What is wanted.

    Raises:
        DataError: If there is no such data set, or it is not on disk.
    """
    from torchvision import datasets

    known = [n for n in datasets.__all__ if _takes(getattr(datasets, n), "root")]
    if name not in known:
        hint = did_you_mean(name, known)
        raise DataError(f"data: torchvision.datasets has no {name!r} that is read from disk{hint}")
    build = getattr(datasets, name)
    roots = [home / name, home]
    found: dict[str, Any] = {}
    errors: list[str] = []
    for root in roots:
        found = dict(_open(build, root, errors))
        if "train" in found:
            break
    else:
        reason = errors[-1] if errors else "it has no training split"
        raise DataError(
            f"data: torchvision:{name} must be in {home} ({reason}); "
            f"torchvision.datasets.{name}({str(home)!r}, download=True) may fetch it"
        )
    parts = {split: _part(f"torchvision:{name}", split, data) for split, data in found.items()}
    classes = _classes(found["train"], parts)
    return assemble(name, Path(f"torchvision:{name}"), parts, classes, request)


def _takes(build: Callable[..., Any], parameter: str) -> bool:
    try:
        return parameter in inspect.signature(build).parameters
    except (TypeError, ValueError):
        return False


def _open(build: Callable[..., Any], root: Path, errors: list[str]) -> Iterator[tuple[str, Any]]:
    """The splits of a data set that are in a folder."""
    more = {"download": False} if _takes(build, "download") else {}
    for split, words in _SPLITS.items():
        if _takes(build, "train"):
            choices: list[dict[str, Any]] = [] if split == "val" else [{"train": split == "train"}]
        elif _takes(build, "split"):
            choices = [{"split": word} for word in words]
        else:
            choices = [{}] if split == "train" else []
        for choice in choices:
            try:
                yield split, build(str(root), **choice, **more)
            except Exception as error:  # each data set has its own
                errors.append(" ".join(str(error).split()) or type(error).__name__)
                continue
            break


def _part(name: str, split: str, data: Any) -> Part:
    images: list[Encoded] = [
        Item(f"{name}: {split} image {i}", partial(_image, data, i), f"{data.root}:{split}:{i}")
        for i in range(len(data))
    ]
    return Part(images, _labels(name, data))


def _image(data: Any, index: int) -> Any:
    return data[index][0]


def _labels(name: str, data: Any) -> Labels:
    values = next((v for n in _TARGETS if (v := getattr(data, n, None)) is not None), None)
    if values is None or len(values) != len(data):
        values = [data[i][1] for i in range(len(data))]
    labels = np.asarray(values)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        kind = f"{labels.dtype} {labels.shape}"
        raise DataError(f"data: {name} must have one class for each image, got {kind}")
    return labels.astype(np.int64)


def _classes(data: Any, parts: dict[str, Part]) -> tuple[str, ...]:
    """Names of the classes, if there is one for each."""
    names = getattr(data, "classes", None) or ()
    count = max(int(part.labels.max()) for part in parts.values()) + 1
    if len(names) != count:
        return ()
    return tuple(n if isinstance(n, str) else "/".join(map(str, n)) for n in names)
