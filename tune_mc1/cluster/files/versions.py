"""Checks that a cluster's container image has the same Ray, and a supported Python."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, version

from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem

_TAG = re.compile(r"(\d+\.\d+\.\d+)(?:\.[0-9a-f]{6})?(?:-py(\d)(\d+))?(-gpu|-cu\d+|-cpu)?(-.*)?")
_PINNED = re.compile(r"\bray(?:\[[^\]]*\])?==([\w.]+)")


@dataclass(frozen=True)
class Versions:
    """Versions to match, by default those on this machine.

    Attributes:
        ray: Ray's version.
        python: Python's, such as `3.11`.
    """

    ray: str = field(default_factory=lambda: version("ray"))
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"


def image_problems(image: str, path: KeyPath, gpu: bool, ours: Versions) -> Iterator[Problem]:
    """Mistakes in an image's name; images that are not Ray's own are not checked.

    Args:
        image: Its name.
        path: Path of the name in the file.
        gpu: Whether machines with a GPU run it.
        ours: The versions that it must match.
    """
    name, _, tag = image.rpartition("/")[2].partition(":")
    if not image.startswith("rayproject/") or not name.startswith("ray"):
        return
    if name == "ray-ml":
        yield Problem(path, "must be rayproject/ray: ray-ml ended with Ray 2.30", image)
        return
    found = _TAG.fullmatch(tag)
    if found is None:
        example = f"{ours.ray}-py{ours.python.replace('.', '')}-gpu"
        yield Problem(path, f"must name the versions of Ray and Python, as in {example}", image)
        return
    ray, major, minor, accelerator, _ = found.groups()
    if ray != ours.ray:
        yield Problem(path, f"must have Ray {ours.ray} as here", image)
    if major is None:
        yield Problem(path, "must name its Python version, such as -py311", image)
    elif not _supported(f"{major}.{minor}"):
        yield Problem(path, f"must have Python {_range()}", image)
    if gpu and accelerator in (None, "-cpu"):
        yield Problem(path, "must be a -gpu image: its machines have GPUs", image)


def pin_problems(command: str, path: KeyPath, ours: Versions) -> Iterator[Problem]:
    """Mistakes in a command that installs a version of Ray."""
    for pinned in _PINNED.findall(command):
        if pinned != ours.ray:
            yield Problem(path, f"must install Ray {ours.ray} as here", command)


def image_python(image: str) -> str | None:
    """Python version of one of Ray's images; None if its name does not include it."""
    found = _TAG.fullmatch(image.rpartition(":")[2])
    return f"{found[2]}.{found[3]}" if found and found[2] else None


@cache
def _range() -> str:
    try:
        return metadata("tune_mc1")["Requires-Python"] or ""
    except PackageNotFoundError:  # run from a checkout that is not installed
        return ""


def _supported(python: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return python in SpecifierSet(_range())
