"""Packages to install without a network, and environments that are cheap to copy."""

import sysconfig
import venv
import zipfile
from pathlib import Path


def write_wheel(folder: Path, name: str, version: str, code: str) -> Path:
    """Writes a wheel of one module into a directory, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, text in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(file, text)
    return folder


def layered_environment(folder: Path) -> str:
    """A virtual environment that has all packages of this one, but is small.

    Ray copies a node's environment before it installs packages, which may have gigabytes.

    Returns:
        Its interpreter.
    """
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    below = sysconfig.get_path("purelib")
    (site / "below.pth").write_text(f"import site; site.addsitedir({below!r})\n")
    return str(folder / "bin" / "python")
