"""A program's directory that is sent to a cluster: what Ray leaves out, its size, and the limit."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tune_mc1.cluster.packaging_private import job_package, size_limit, visit_sent_files
from tune_mc1.errors import InputError

LEFT_OUT = ("/.git/", "/.venv/", "/venv/", "/results/", "/wandb/")
"""Paths of a directory that are not sent to a cluster, besides those in its ignore files."""


def left_out(directory: Path, results: Path | None = None) -> list[str]:
    """Patterns of what is not sent to a cluster, besides what ignore files name.

    Args:
        directory: The directory that is sent.
        results: The directory for results, which may be below it.
    """
    below = results is not None and directory in results.absolute().parents
    own = [f"/{results.absolute().relative_to(directory)}/"] if below and results else []
    return [*LEFT_OUT, *own]


_OVERHEAD = 150
"""Bytes that each file adds to the archive, which is not compressed, besides its name twice."""

_PACKAGE = 2 << 20
"""Bytes that this package and the sweep file take at most, which are sent with a job."""

_LARGEST = 3


def check_sent(directory: Path, excludes: Sequence[str] = LEFT_OUT, *, http: bool = False) -> str:
    """Checks that a program's directory can be sent to a cluster.

    Args:
        directory: The directory.
        excludes: Patterns of what is not sent.
        http: Whether it is sent with a job, over http.

    Returns:
        A notice that says what is sent.

    Raises:
        InputError: If it is too large.
    """
    sizes: Counter[str] = Counter()
    files = 0

    def visit(path: Path) -> None:
        nonlocal files
        if path.is_file():
            name = path.relative_to(directory)
            files += 1
            sizes[name.parts[0]] += path.stat().st_size + _OVERHEAD + 2 * len(str(name))

    if not visit_sent_files(directory, excludes, visit):
        return f"Sending {directory} to the cluster"
    limit, total = size_limit(http=http) - (_PACKAGE if http else 0), sizes.total()
    if total >= limit:
        largest = ", ".join(f"{name} ({_size(n)})" for name, n in sizes.most_common(_LARGEST))
        raise InputError(
            f"{directory}: must be smaller than {_size(limit)} to be sent to the cluster, got "
            f"{_size(total)}; name what the program does not need in its .rayignore (or "
            f".gitignore): {largest}"
        )
    count = "1 file" if files == 1 else f"{files} files"
    return f"Sending {directory} to the cluster: {count}, {_size(total)}"


def sent_with_job(directory: Path) -> Path | None:
    """Path of a program's directory in the working directory of the job in which this runs.

    Args:
        directory: The directory on this machine.

    Returns:
        The path, relative to the job's working directory; None outside of a job, or in one that
        has none.

    Raises:
        InputError: If the job has a working directory, and this one is elsewhere.
    """
    package = job_package()
    if package is None:
        return None
    for parent in (directory, *directory.parents):
        if parent.name == package:
            return directory.relative_to(parent)
    raise InputError(
        f"directory: must be in the working directory of this job, {package}, got {directory}; to "
        "resume over http, name the sweep file as well, in the directory of its program"
    )


def _size(number: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
