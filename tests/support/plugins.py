"""Parts of other packages: as a package outside of the project, or registered for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tune_mc1.registry import GROUP, Registry

T = TypeVar("T")


def write_plugin(folder: Path, code: str, name: str = "my_plugin") -> Path:
    """Writes a module and what an installer would write of it; `folder` goes on PYTHONPATH.

    Args:
        folder: Where.
        code: The module's text.
        name: Of the module and its entry point.

    Returns:
        The module's file.
    """
    file = folder / f"{name}.py"
    file.write_text(code)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    distribution = name.replace("_", "-")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}\n")
    return file


@contextmanager
def registered(registry: Registry[T], name: str, part: T) -> Iterator[None]:
    """A part that is there for a while, also in the place of another one."""
    len(registry)  # what ships, and plugins, come first
    before = dict(registry._parts)
    registry._parts[name] = part
    try:
        yield
    finally:
        registry._parts = before
