"""CIFAR-10 from disk and from a server on this machine, in small but real forms."""

import hashlib
import http.server
import io
import os
import pickle
import resource
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tune_mc1.data import download
from tune_mc1.data.cifar10_files import CLASSES, find_cifar10
from tune_mc1.data.download import download_cifar10
from tune_mc1.data.home import HOME_VARIABLE
from tune_mc1.data.images import Labels, Pixels
from tune_mc1.data.source import load_data
from tune_mc1.data.splits import limit_images
from tune_mc1.errors import DataError

BATCHES = "cifar-10-batches-py"
FILES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
EACH = 20


def batch_of(index: int) -> tuple[Pixels, Labels]:
    rng = np.random.default_rng(index)
    return rng.integers(0, 256, (EACH, 32, 32, 3), np.uint8), np.arange(EACH) % 10


def pickled(index: int) -> bytes:
    """A batch as the original has it: a row an image, channel after channel, red first."""
    images, labels = batch_of(index)
    rows = images.transpose(0, 3, 1, 2).reshape(EACH, -1)
    return pickle.dumps({b"data": rows, b"labels": labels.tolist()}, protocol=2)


def write_batches(home: Path) -> Path:
    folder = home / BATCHES
    folder.mkdir(parents=True)
    for index, name in enumerate(FILES):
        (folder / name).write_bytes(pickled(index))
    return folder


@pytest.fixture(scope="module")
def archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for index, name in enumerate(FILES):
            info = tarfile.TarInfo(f"{BATCHES}/{name}")
            info.size = len(pickled(index))
            tar.addfile(info, io.BytesIO(pickled(index)))
    return stream.getvalue()


@contextmanager
def serving(body: bytes, length: int | None = None, hang_at: int | None = None) -> Iterator[str]:
    """A server that names `length`, sends `body`, and stops sending at `hang_at` until the end."""
    ended = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if hang_at == 0:
                ended.wait()
                return
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body[:hang_at])
            if hang_at is not None:
                self.wfile.flush()
                ended.wait()

        def log_message(self, *args: Any) -> None:
            """Keeps the test's output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/cifar.tar.gz"
        finally:
            ended.set()
            server.shutdown()


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def quiet(message: str) -> None:
    """Takes notices that a test is not about."""


@pytest.mark.parametrize("below", ["", BATCHES])
def test_torchvision_folder(tmp_path: Path, below: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_batches(tmp_path)
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / below))
    for spec in ("cifar10", "auto", str(tmp_path / below)):
        data = load_data(spec)
        assert (data.name, data.classes) == ("cifar10", CLASSES)
        images, labels = zip(*(batch_of(i) for i in range(5)), strict=True)
        np.testing.assert_array_equal(data.train_images, np.concatenate(images))
        np.testing.assert_array_equal(data.train_labels, np.concatenate(labels))
        np.testing.assert_array_equal(data.test_images, batch_of(5)[0])
        assert data.train_labels.dtype == np.int64


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("evil",)


def test_pickles_run_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (write_batches(tmp_path) / "data_batch_3").write_bytes(pickle.dumps({b"data": _Evil()}))
    with pytest.raises(DataError, match=r"data_batch_3: broken.*mkdir is not part of an array"):
        load_data("cifar10", home=tmp_path)
    assert not Path("evil").exists()


def spoiled(**changes: Any) -> bytes:
    batch = pickle.loads(pickled(0))
    return pickle.dumps(batch | {key.encode(): value for key, value in changes.items()}, protocol=2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled(0)[:5000], "broken or truncated CIFAR-10 file"),
        (b"", "broken or truncated CIFAR-10 file"),
        (None, "cannot be read: No such file"),
        (spoiled(data=np.zeros((20, 3071), np.uint8)), r"must be uint8 \(20, 3072\), got"),
        (spoiled(labels=[10] * EACH), "labels must be in 0 to 9, got 10"),
        (spoiled(labels=[0] * 19), r"must be uint8 \(19, 3072\), got \(20, 3072\)"),
    ],
)
@pytest.mark.parametrize("spec", ["cifar10", "auto"])  # a broken copy is no reason to pass it by
def test_broken_copies(tmp_path: Path, spec: str, content: bytes | None, message: str) -> None:
    file = write_batches(tmp_path) / "data_batch_2"
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(DataError, match=f"data_batch_2: .*{message}"):
        load_data(spec, home=tmp_path)


def test_download_is_verified_and_kept(tmp_path: Path, archive: bytes) -> None:
    home = tmp_path / "new" / "home"
    with serving(archive) as url:
        folder = download_cifar10(home, quiet, url, md5(archive))
    assert [p.name for p in home.iterdir()] == [BATCHES]
    assert find_cifar10(home) == folder
    np.testing.assert_array_equal(load_data("cifar10", home=home).test_images, batch_of(5)[0])


def test_failed_downloads_leave_nothing(tmp_path: Path, archive: bytes) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"body": archive[:-1]}, "MD5 checksum must be"),
        ({"body": archive[:9000], "length": len(archive)}, "connection ended after 9000 of"),
        ({"body": archive, "hang_at": 0}, "no response within 0.5 s"),
        ({"body": archive, "hang_at": 70_000}, "timed out"),
        ({"body": b""}, "Not Found"),
    ]
    for server, message in cases:
        start = time.monotonic()
        with serving(**server) as url, pytest.raises(DataError, match=message) as caught:
            download_cifar10(tmp_path, quiet, url, md5(archive), patience=0.5)
        assert time.monotonic() - start < 5
        assert len(str(caught.value).splitlines()) == 1
        assert list(tmp_path.iterdir()) == [], message


def test_an_archive_that_is_none(tmp_path: Path) -> None:
    body = b"<html>come back later</html>"
    with serving(body) as url, pytest.raises(DataError, match="cannot be stored there"):
        download_cifar10(tmp_path, quiet, url, md5(body))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, archive: bytes) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with serving(archive) as url:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises(DataError, match=f"{tmp_path}: .* cannot be stored there: File"):
                download_cifar10(tmp_path, quiet, url, md5(archive))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_auto_falls_back_loudly_and_cifar10_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_cifar10, "__defaults__", ("http://127.0.0.1:9/x", "0", 10.0))
    notices: list[str] = []
    data = load_data("auto", home=tmp_path, notify=notices.append)
    assert data.name == "shapes10"
    assert notices[-1].startswith("no CIFAR-10")
    assert "refused" in notices[-1]
    with pytest.raises(DataError, match=r"refused.*or use 'data: shapes10'"):
        load_data("cifar10", home=tmp_path, notify=quiet)
    assert download.PATIENCE <= 10


@pytest.mark.skipif(HOME_VARIABLE not in os.environ, reason=f"{HOME_VARIABLE} is not set")
def test_the_real_images() -> None:
    home = Path(os.environ[HOME_VARIABLE])
    data = load_data("cifar10")
    assert data.image_shape == (3, 32, 32)
    assert np.bincount(data.train_labels).tolist() == [5000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert data.classes == CLASSES
    if home.name == "cifar10-jpeg75":
        assert (data.name, data.fingerprint) == ("cifar10-jpeg75", "1beeb6d6ead1c6a2")
    part = limit_images(data, 0.02)
    decoded = load_data("auto", part=0.02)
    assert (decoded.fingerprint, len(decoded.test_labels)) == (part.fingerprint, 200)
    assert load_data("cifar10", pixels=False).summary()["train_images"] == 50_000
