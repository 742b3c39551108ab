"""Downloads from an object store: a whole result directory, or the files to resume a sweep."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tune_mc1.errors import InputError, StorageError
from tune_mc1.files import as_url
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.steering.place import REQUESTS
from tune_mc1.results.store.heartbeat import RUNNING, check_free
from tune_mc1.results.store.remote import Entry, Remote, remote_at

AT_ONCE = 8

RESULTS_DIR = Path("results")
"""Default parent of result directories, also of downloaded ones."""

Ahead = Literal["equal", "local", "remote", "diverged"]
Items = list[tuple[str, Entry]]


@dataclass(frozen=True)
class Fetched:
    """Outcome of a fetch.

    Attributes:
        files: Number of downloaded files.
        bytes: Their size.
        present: Number of files that were already up to date.
    """

    files: int
    bytes: int
    present: int


def fetch(
    remote: Remote,
    where: ResultDir,
    *,
    checkpoints: bool = True,
    shown: Callable[[Items], Iterable[tuple[str, Entry]]] = iter,
) -> Fetched:
    """Downloads the missing files of a result directory, each atomically.

    A file with the size and modification time of the store's is not downloaded again.

    Args:
        remote: The sweep's folder in the store.
        where: The target directory.
        checkpoints: Whether to include checkpoints.
        shown: Wraps the list of files, for example in a progress bar.

    Raises:
        InputError: If there is no such sweep, or the directory holds something else.
        StorageError: If the store or the disk fails.
    """
    there = _entries(remote)
    ahead = compare(where, remote)
    if ahead in ("local", "diverged"):
        raise InputError(
            f"{where.root}: has results that {remote.url} lacks; name another directory"
        )
    if ahead == "remote" and not where.journal.exists() and _is_used(where.root):
        raise InputError(f"{where.root}: must be empty, or a copy of {remote.url}")
    wanted = [
        (name, entry)
        for name, entry in sorted(there.items())
        if name != RUNNING
        and not name.startswith(f"{REQUESTS}/")  # they are for the sweep that runs
        and (checkpoints or not name.startswith("checkpoints/"))
    ]
    missing = [item for item in wanted if not _is_current(where.root / item[0], item[1])]
    _download(remote, where, missing, shown)
    _note_url(remote, where)
    size = sum(entry.size for _, entry in missing)
    return Fetched(len(missing), size, len(wanted) - len(missing))


def compare(where: ResultDir, remote: Remote) -> Ahead:
    """Compares two copies of a sweep by their journals.

    Returns:
        `equal`; `local` or `remote`, the copy that is ahead; `diverged` if both have events that
        the other one lacks.

    Raises:
        StorageError: If the store fails.
    """
    local = where.journal.read_bytes() if where.journal.exists() else b""
    try:
        remote_bytes = remote.read(where.journal.name)
    except FileNotFoundError:
        remote_bytes = b""
    if local == remote_bytes:
        return "equal"
    if remote_bytes.startswith(local):
        return "remote"
    return "local" if local.startswith(remote_bytes) else "diverged"


def remote_of(where: ResultDir) -> Remote | None:
    """The object store folder that a result directory is a copy of, if any."""
    try:
        return remote_at(where.storage_url.read_text().strip())
    except OSError:
        return None


def remote_named(place: Path | str, field: str) -> Remote:
    """The object store folder that a user named by its URL.

    Args:
        place: The user's text.
        field: Its field or flag, for messages.

    Raises:
        InputError: If it is not a valid URL.
    """
    try:
        remote = remote_at(place)
    except InputError as error:
        raise InputError(f"{field}: {error}") from None
    if remote is None:
        raise InputError(f"{field}: must be s3://..., gs://... or az://..., got {str(place)!r}")
    return remote


def new_result_dir(parent: Path | Remote, name: str) -> tuple[ResultDir, Remote | None]:
    """Creates the result directory of a new sweep, and picks its folder in the object store.

    Args:
        parent: The directory or object store for results.
        name: Name of the sweep.

    Raises:
        InputError: If it cannot be created.
        StorageError: If the store fails.
    """
    if isinstance(parent, Path):
        return ResultDir.create(parent, name), None
    while True:
        where = ResultDir.create(RESULTS_DIR, name)
        remote = parent.child(where.root.name)
        if not remote.files():  # another machine may have started in the same second
            _note_url(remote, where)
            return where, remote


def _entries(remote: Remote) -> dict[str, Entry]:
    try:
        there = remote.files()
    except StorageError as error:
        raise InputError(str(error)) from None
    if "journal.jsonl" not in there:
        raise InputError(f"{remote.url}: not a result directory (no journal.jsonl)")
    return there


def _download(
    remote: Remote,
    where: ResultDir,
    items: Items,
    shown: Callable[[Items], Iterable[tuple[str, Entry]]] = iter,
) -> None:
    def one(item: tuple[str, Entry]) -> None:
        name, entry = item
        path = where.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        remote.get(name, path)
        os.utime(path, (entry.time_s, entry.time_s))

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(one, shown(items)):
                pass
        for folder in ("logs", "checkpoints"):
            (where.root / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError.of(where.root, error) from None


def _note_url(remote: Remote, where: ResultDir) -> None:
    try:
        where.storage_url.write_text(f"{remote.url}\n")
    except OSError as error:
        raise StorageError.of(where.storage_url, error) from None


def _is_current(path: Path, entry: Entry) -> bool:
    try:
        stat = path.stat()
    except OSError:
        return False
    return stat.st_size == entry.size and abs(stat.st_mtime - entry.time_s) < 0.001


def _is_used(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def resumable(place: Path) -> ResultDir:
    """Same as `resumable_copy`, but an unusable store is bad input as well.

    Raises:
        InputError: If the sweep cannot be resumed.
    """
    try:
        return resumable_copy(place)
    except StorageError as error:
        raise InputError(f"--resume: {error}") from None


def resumable_copy(place: Path) -> ResultDir:
    """Local directory of a sweep to resume, up to date with its object store, if any.

    Args:
        place: A result directory, or its URL. For a URL, all files but checkpoints and logs are
            downloaded to `results/`.

    Raises:
        InputError: If the sweep is running, its copy in the store is ahead of this directory, or
            the store has no copy.
        StorageError: If the store or the disk fails.
    """
    url = as_url(place)
    where = ResultDir(place)
    remote = remote_named(place, "--resume") if url else remote_of(where)
    if remote is None:
        return where
    there = _entries(remote) if url else {}
    check_free(remote)
    if url:
        where = ResultDir(RESULTS_DIR / remote.name)
    ahead = compare(where, remote)
    if ahead == "diverged" or (ahead == "remote" and not url):
        raise InputError(
            f"{where.root}: {remote.url} has results that are missing here; move this directory "
            f"away and use --resume {remote.url}"
        )
    if ahead == "remote":
        small = [
            (name, entry) for name, entry in there.items() if "/" not in name and name != RUNNING
        ]
        _download(remote, where, small)
    if url:
        _note_url(remote, where)
    return where
