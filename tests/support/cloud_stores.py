"""Google Cloud's and Azure's object stores on the loopback interface, by their emulators."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pyarrow import fs

from tune_mc1.results.store.filesystems import filesystem

BUCKET = "sweeps"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own account and key, the same everywhere: no secret."""


@contextmanager
def google() -> Iterator[str]:
    """A server for `gs://`, which this process and those that it starts find by the environment.

    Returns:
        The URL of a bucket.
    """
    server = pytest.importorskip("gcp_storage_emulator.server")
    port = _free_port()
    up = server.create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    up.start()
    filesystem.cache_clear()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
            yield f"gs://{BUCKET}"
    finally:
        up.stop()
        filesystem.cache_clear()


@contextmanager
def azure() -> Iterator[str]:
    """The same for `az://`, where Azurite (`npm install -g azurite`) is installed."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("not installed: azurite-blob (npm install -g azurite)")
    port = _free_port()
    with TemporaryDirectory(prefix="azurite-") as folder:
        words = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--silent"]
        words += ["--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry"]
        with (Path(folder) / "log").open("w") as log:
            up = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
        filesystem.cache_clear()
        try:
            _await(port, up)
            endpoint = f"http://127.0.0.1:{port}"
            store = fs.AzureFileSystem(
                ACCOUNT,
                account_key=KEY,
                blob_storage_authority=f"127.0.0.1:{port}",
                dfs_storage_authority=f"127.0.0.1:{port}",
                blob_storage_scheme="http",
                dfs_storage_scheme="http",
            )
            store.create_dir(BUCKET)
            with pytest.MonkeyPatch.context() as patch:
                told = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint}/{ACCOUNT};"
                patch.setenv("AZURE_STORAGE_CONNECTION_STRING", told)
                yield f"az://{BUCKET}"
        finally:
            up.terminate()
            up.wait(20)
            filesystem.cache_clear()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the emulator does not start")
