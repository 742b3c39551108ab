"""Files in an object store, S3, Google Cloud Storage or Azure, through pyarrow's filesystems.

Credentials, region and endpoint come from the environment (`filesystems.py`). Objects are written
and replaced atomically.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow import fs

from tune_mc1.errors import InputError, StorageError
from tune_mc1.files import as_url, replacing
from tune_mc1.results.store.filesystems import SCHEMES, filesystem
from tune_mc1.results.store.uninterrupted import uninterrupted

PATIENCE_S = 30.0
"""Seconds for which a store may be unreachable before that ends a sweep."""

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """An object: its size in bytes, and its modification time by the store's clock, in seconds."""

    size: int
    time_s: float


@dataclass(frozen=True)
class Remote:
    """A folder of an object store.

    Every method raises `StorageError` if the store cannot be reached or refuses the request.

    Attributes:
        url: URL such as `s3://bucket/prefix`, without a trailing slash.
    """

    url: str

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rpartition("/")[2]

    def child(self, name: str) -> "Remote":
        """A subfolder."""
        return Remote(f"{self.url}/{name}")

    def put(self, file: Path, name: str) -> None:
        """Uploads a file."""
        self.write(name, file.read_bytes())

    def write(self, name: str, content: bytes) -> None:
        """Creates or replaces an object, as a whole or not at all."""
        # An exception between opening and writing would put an empty object in its place, as
        # pyarrow completes a stream on any exception: nothing may fail or interrupt there.
        buffer = pa.py_buffer(content)

        def write() -> None:
            with self._filesystem.open_output_stream(self._path(name)) as out:
                out.write(buffer)

        try:
            with self._as_storage_error("written to"):
                uninterrupted(write)
        except FileNotFoundError:  # Google's client
            text = f"{self.url}: cannot be written to: {_KNOWN['NO_SUCH_BUCKET']}"
            raise StorageError(text) from None

    def read(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            FileNotFoundError: If there is none.
        """
        with (
            self._as_storage_error("read"),
            self._filesystem.open_input_stream(self._path(name)) as stream,
        ):
            content: bytes = stream.read()
            return content

    def get(self, name: str, file: Path) -> None:
        """Downloads an object to a file, atomically.

        Raises:
            FileNotFoundError: If there is no such object.
            OSError: If the file cannot be written.
        """
        with replacing(file) as aside:
            aside.write_bytes(self.read(name))

    def copy(self, name: str, new: str) -> None:
        """Copies an object to `new`, within the store."""
        with self._as_storage_error("written to"):
            self._filesystem.copy_file(self._path(name), self._path(new))

    def delete(self, name: str) -> None:
        """Deletes an object, if it exists."""
        with self._as_storage_error("written to"), suppress(FileNotFoundError):
            self._filesystem.delete_file(self._path(name))

    def delete_all(self) -> None:
        """Deletes this folder, if it exists."""
        with self._as_storage_error("written to"), suppress(FileNotFoundError):
            self._filesystem.delete_dir(self._path(""))

    def files(self, under: str = "", *, check: bool = True) -> dict[str, Entry]:
        """All objects in this folder or the subfolder `under`, by their relative names.

        Args:
            under: The subfolder.
            check: Whether to find out if there is such a bucket, should there be no object.
        """
        base = self._path("")
        selector = fs.FileSelector(
            f"{base}/{under}".rstrip("/"), recursive=True, allow_not_found=True
        )
        with self._as_storage_error("read"):
            found = self._filesystem.get_file_info(selector)
            if check and not found:
                self._check_bucket()
        return {
            info.path.removeprefix(f"{base}/"): Entry(info.size, info.mtime_ns / 1e9)
            for info in found
            if info.type == fs.FileType.File
        }

    def _check_bucket(self) -> None:
        """Raises StorageError if the bucket does not exist, as opposed to an empty folder."""
        (bucket,) = self._filesystem.get_file_info([self._path("").partition("/")[0]])
        if bucket.type == fs.FileType.NotFound:
            raise StorageError(f"{self.url}: cannot be read: {_KNOWN['NO_SUCH_BUCKET']}")

    def time_of(self, name: str) -> float:
        """Modification time of an object by the store's clock, in seconds since 1970.

        Raises:
            FileNotFoundError: If there is none.
        """
        with self._as_storage_error("read"):
            (info,) = self._filesystem.get_file_info([self._path(name)])
        if info.type != fs.FileType.File:
            raise FileNotFoundError(name)
        return float(info.mtime_ns / 1e9)

    @property
    def _filesystem(self) -> Any:
        scheme, _, rest = self.url.partition("://")
        return filesystem(scheme, rest.partition("/")[0])

    def _path(self, name: str) -> str:
        path = self.url.partition("://")[2]
        return f"{path}/{name}" if name else path

    @contextmanager
    def _as_storage_error(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise StorageError(f"{self.url}: cannot be {what}: {_reason(error)}") from error


def remote_at(place: Path | str) -> Remote | None:
    """The object store folder that a user named by its URL; None for a local path.

    Raises:
        InputError: If the URL is not valid.
    """
    url = as_url(place)
    if url is None:
        return None
    scheme, _, rest = url.partition("://")
    bucket = rest.partition("/")[0]
    if scheme not in SCHEMES:
        raise InputError(f"must be a directory, s3://..., gs://... or az://..., got {url!r}")
    if "@" in bucket or "?" in rest:
        shown = re.sub(r"//.*@|\?.*", lambda m: "//***@" if m[0][0] == "/" else "?***", url)
        raise InputError(
            f"must be bucket and prefix only, got {shown!r} (credentials and endpoint come from "
            "the environment: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...)"
        )
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]+", bucket):
        raise InputError(f"must name a bucket, as in {scheme}://bucket/prefix, got {url!r}")
    parts = [part for part in rest.split("/") if part]
    if ".." in parts or "." in parts:
        raise InputError(f"must have no '.' or '..' in its prefix, got {url!r}")
    return Remote(f"{scheme}://{'/'.join(parts)}")


def retry(task: Callable[[], T], seconds: float = PATIENCE_S) -> T:
    """Calls `task` until it succeeds or the time is up.

    Args:
        task: Operation on a store, which may run more than once.
        seconds: Time limit.

    Raises:
        StorageError: The last error, when the time is up.
    """
    end, pause = time.monotonic() + seconds, 0.2
    while True:
        try:
            return task()
        except StorageError:
            if time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        pause = min(2 * pause, 5.0)


_KNOWN = {
    "NO_SUCH_BUCKET": "there is no such bucket",
    "INVALID_ACCESS_KEY_ID": "the access key is unknown",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong",
    "EXPIRED_TOKEN": "the session token has expired",
    "ACCESS_DENIED": "access is denied (credentials missing or not sufficient)",
}


def _reason(error: Exception) -> str:
    """The error of the store's client in one line, without its internals."""
    text = " ".join(str(error).split())
    for word, meaning in _KNOWN.items():
        if f"AWS Error {word} " in text:
            return meaning
    if re.search(r"Bucket '\S+' not found|The specified (bucket|container) does not exist", text):
        return _KNOWN["NO_SUCH_BUCKET"]
    if re.search(r"Azure Error: \[(Authentication|Authorization)\w+\]", text):
        return _KNOWN["ACCESS_DENIED"]
    for pattern in (
        r"Azure Error: \[\w+\] \d+ (.*?\.)",
        r"Details: (.*)",
        r"original-message=(.*?)[,}]",
        r"AWS Error (.*)",
    ):
        if match := re.search(pattern, text):
            text = match[1]
            break
    return re.sub(r" \(Request ID: \S*\)|\.$", "", text)
