"""Download of CIFAR-10 from its public source: once, verified, and stored atomically."""

import hashlib
import http.client
import os
import queue
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tune_mc1.data.cifar10_files import BATCHES_FOLDER
from tune_mc1.data.request import Notify
from tune_mc1.errors import DataError

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
MD5 = "c58f30108f718f92721af3b95e74349a"
PATIENCE = 10.0
"""Time limit in seconds for the first bytes, and for each further `_LEAST` bytes."""
_LEAST = 64 * 1024
_CHUNK = 64 * 1024


def download_cifar10(
    home: Path, notify: Notify, url: str = URL, md5: str = MD5, patience: float = PATIENCE
) -> Path:
    """Downloads and unpacks CIFAR-10, in a temporary folder until it is complete and on disk.

    Args:
        home: Parent folder of `cifar-10-batches-py`, created if necessary.
        notify: Called with each notice for the user.
        url: URL of the archive.
        md5: Its checksum in hex digits.
        patience: Time limit in seconds for the first bytes, and for further ones.

    Returns:
        The folder `cifar-10-batches-py`.

    Raises:
        DataError: If the network, the archive or the disk fails; nothing is left behind.
    """
    target = home / BATCHES_FOLDER
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".cifar10-", dir=home) as aside:
            archive = Path(aside, "cifar10.tar.gz")
            notify(f"downloading CIFAR-10 (170 MB, once) from {url} to {home}")
            _fetch(url, md5, patience, archive)
            _unpack(archive, target)
    except (OSError, tarfile.TarError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{home}: CIFAR-10 cannot be stored there: {reason}") from error
    return target


def _fetch(url: str, md5: str, patience: float, archive: Path) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    digest = hashlib.md5(usedforsecurity=False)
    columns = ("CIFAR-10", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with (
        archive.open("wb") as file,
        Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress,
    ):
        task = progress.add_task("CIFAR-10", total=None)
        for chunk, total in _chunks(url, patience):
            file.write(chunk)
            digest.update(chunk)
            progress.update(task, advance=len(chunk), total=total)
        _to_disk(file)
    if digest.hexdigest() != md5:
        raise DataError(f"{url}: MD5 checksum must be {md5}, got {digest.hexdigest()}")


def _chunks(url: str, patience: float) -> Iterator[tuple[bytes, int | None]]:
    """Chunks of the response as they arrive, each with the total size if the server sends it."""
    try:
        response, chunk = _open(url, patience)
        with response:
            total = response.length + len(chunk) if response.length is not None else None
            received, window_end, due = 0, time.monotonic() + patience, _LEAST
            while chunk:
                received += len(chunk)
                yield chunk, total
                if time.monotonic() > window_end:
                    if received < due:
                        raise TimeoutError(f"less than {_LEAST} bytes in {patience:g} s")
                    window_end, due = time.monotonic() + patience, received + _LEAST
                chunk = response.read1(_CHUNK)
        if total is not None and received < total:
            raise ConnectionError(f"the connection ended after {received} of {total} bytes")
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", None) or error) or type(error).__name__
        raise DataError(f"{url}: cannot be downloaded: {reason}") from error


def _open(url: str, patience: float) -> tuple[http.client.HTTPResponse, bytes]:
    """The response and its first bytes; in a thread, as timeouts do not cover slow name servers."""
    answers: queue.Queue[Any] = queue.Queue()

    def ask() -> None:
        try:
            response = urllib.request.urlopen(url, timeout=patience)
            answers.put((response, response.read1(_CHUNK)))
        except Exception as error:  # passed on to the waiting thread
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    late = TimeoutError(f"no response within {patience:g} s")
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty:
        raise late from None
    if isinstance(getattr(answer, "reason", answer), TimeoutError):
        raise late
    if isinstance(answer, Exception):
        raise answer
    return answer  # type: ignore[no-any-return]


def _unpack(archive: Path, target: Path) -> None:
    unpacked = archive.parent / BATCHES_FOLDER
    with tarfile.open(archive) as tar:
        # Python 3.11.0 to 3.11.3 have no filters; the archive's checksum was verified.
        safe: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(archive.parent, **safe)
    if not unpacked.is_dir():
        raise DataError(f"{archive.name}: must contain a folder {BATCHES_FOLDER}")
    for path in unpacked.iterdir():
        with path.open("rb") as file:
            _to_disk(file)
    try:
        unpacked.replace(target)
    except OSError:
        if not target.is_dir():  # otherwise another process was faster, with the same files
            raise


def _to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
