"""Provenance of a result: command, code, versions, hardware."""

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tune_mc1 import __version__
from tune_mc1.files import PACKAGE
from tune_mc1.redaction import redact
from tune_mc1.registry import load_plugins, package_of

PACKAGES = ("torch", "torchvision", "lightning", "ray", "wandb", "torchmetrics", "numpy", "pyarrow")

COMMIT = "_commit"
"""File with the git commit, in a package that was sent to a cluster."""


def provenance() -> dict[str, Any]:
    """Provenance of this run of the program, for `provenance.json`.

    Returns:
        Command line, start time (ISO 8601, UTC), git commit of the checkout (None outside a
        checkout; with the suffix `+dirty` if files were changed), versions, packages of
        plugins, processor, cores and memory in bytes.
    """
    return {
        "command": ["python", "-m", "tune_mc1", *(redact(word) for word in sys.argv[1:])],
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "tune_mc1": __version__,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "plugins": {name: package_of(point) for name, point in load_plugins().items()},
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_commit() -> str | None:
    """The commit of the project's own checkout, not of the current directory.

    In a package that was sent to a cluster it is in the file `COMMIT`.
    """
    if (sent := PACKAGE / COMMIT).exists():
        return sent.read_text()
    try:
        commit = _git(PACKAGE, "rev-parse", "HEAD")
        changed = _git(PACKAGE, "status", "--porcelain", "--untracked-files=no")
        return commit + ("+dirty" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(where: Path, *words: str) -> str:
    run = subprocess.run(
        ["git", "-C", where, *words], capture_output=True, text=True, timeout=5, check=True
    )
    return run.stdout.strip()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
