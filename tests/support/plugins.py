"""A package outside of the project that names a module for the entry point group."""

from pathlib import Path

from tune_mc1.registry import GROUP


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
