"""Checks that all nodes of a cluster have one Ray and one Python, which this project supports."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from tune_mc1.cluster.files.findings import advice, fault
from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem

_TAG = re.compile(r"(\d+\.\d+\.\d+)(?:\.[0-9a-f]{6})?(?:-py(\d)(\d+))?(-gpu|-cu\d+|-cpu)?(-.*)?")
_PINNED = re.compile(r"\bray(?:\[[^\]]*\])?==([\w.]+)")


@dataclass(frozen=True)
class Versions:
    """Versions of this machine, from which a cluster is started.

    Attributes:
        ray: Ray's version.
        python: Python's, such as `3.11`.
    """

    ray: str = field(default_factory=lambda: version("ray"))
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Named:
    """A version that a cluster file names.

    Attributes:
        path: Path of the value that names it.
        text: The value.
        ray: Ray's version; None if it is not named.
        python: Python's, such as `3.11`; None if it is not named.
    """

    path: KeyPath
    text: str
    ray: str | None
    python: str | None = None


def image_problems(image: str, path: KeyPath, gpu: bool) -> Iterator[Problem]:
    """Problems of an image by its name; images that are not Ray's own are not checked.

    Args:
        image: Its name.
        path: Path of the name in the file.
        gpu: Whether machines with a GPU run it.
    """
    if not _is_rays(image):
        return
    name, _, tag = image.rpartition("/")[2].partition(":")
    if name == "ray-ml":
        yield advice("versions", path, "should be rayproject/ray: ray-ml is not updated", image)
        return
    found = _TAG.fullmatch(tag.partition("@")[0])
    if found is None:
        rule = "should name a version, or nodes that pull it later may get another one"
        yield advice("versions", path, rule, image)
        return
    _, major, minor, accelerator, _ = found.groups()
    if major is None:
        rule = f"should name its Python, such as -py311: this project needs {_range()}"
        yield advice("versions", path, rule, image)
    elif not _supported(f"{major}.{minor}"):
        yield fault("versions", path, f"must have Python {_range()}", image)
    if gpu and accelerator in (None, "-cpu"):
        yield advice("versions", path, "should be a -gpu image: its machines have GPUs", image)


def image_versions(image: str, path: KeyPath) -> list[Named]:
    """The versions in the name of an image, if it is one of Ray's own and names them."""
    rays = image.startswith("rayproject/ray:")
    found = _TAG.fullmatch(image.rpartition(":")[2].partition("@")[0]) if rays else None
    if found is None:
        return []
    return [Named(path, image, found[1], f"{found[2]}.{found[3]}" if found[2] else None)]


def pinned_versions(command: str, path: KeyPath) -> list[Named]:
    """The versions of Ray that a shell command installs."""
    return [Named(path, command, ray) for ray in _PINNED.findall(command)]


def shared_version_problems(named: list[Named]) -> Iterator[Problem]:
    """Nodes with different versions, which Ray does not let join, or with an unsupported Ray.

    Args:
        named: The versions that a file names for its nodes, the head's first.
    """
    first = next((one for one in named if one.ray is not None), None)
    python = next((one.python for one in named if one.python is not None), None)
    for one in named:
        if first is not None and one.ray not in (None, first.ray):
            rule = f"must have Ray {first.ray}, as {first.text!r} has: all nodes need the same"
            yield fault("versions", one.path, rule, one.text)
        elif one.python not in (None, python):
            rule = f"must have Python {python}, as others have: all nodes need the same"
            yield fault("versions", one.path, rule, one.text)
    needed = _needed_ray()
    if first is not None and first.ray is not None and needed and not _within(first.ray, needed):
        rule = f"should have Ray {needed}, which this project is made for"
        yield advice("versions", first.path, rule, first.text)


def image_python(image: str) -> str | None:
    """Python version of one of Ray's images; None if its name does not include it."""
    found = _TAG.fullmatch(image.rpartition(":")[2])
    return f"{found[2]}.{found[3]}" if found and found[2] else None


def _is_rays(image: str) -> bool:
    return image.startswith("rayproject/ray")


@cache
def _range() -> str:
    try:
        return metadata("tune_mc1")["Requires-Python"] or ""
    except PackageNotFoundError:  # run from a checkout that is not installed
        return ""


@cache
def _needed_ray() -> str:
    """The versions of Ray that this project declares, such as `<3,>=2.56`; empty if unknown."""
    from packaging.requirements import Requirement

    try:
        declared = map(Requirement, requires("tune_mc1") or ())
    except PackageNotFoundError:
        return ""
    return next((str(r.specifier) for r in declared if r.name == "ray" and not r.marker), "")


def _supported(python: str) -> bool:
    return _within(python, _range())


def _within(number: str, specifier: str) -> bool:
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(specifier).contains(number, prereleases=True)
    except InvalidVersion:
        return True
