"""Results in Google Cloud Storage and Azure, by their emulators: as in S3."""

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pyarrow import fs

from tests.results.test_store_sweep import content
from tests.running.test_resume import ONE
from tests.running.test_sweep import tune_mc1
from tests.support.cloud_stores import azure, google
from tests.support.faults import driving, events, reached, result_dir, same, wait_for, write_sweep
from tests.support.in_process import run_here, sweep_here
from tune_mc1.errors import StorageError
from tune_mc1.redaction import redact
from tune_mc1.results.store.filesystems import filesystem
from tune_mc1.results.store.remote import Remote, remote_at


@pytest.fixture(scope="module", params=[google, azure], ids=["gs", "az"])
def bucket(request: pytest.FixtureRequest) -> Iterator[str]:
    with request.param() as url:
        yield url


def test_objects_are_written_read_listed_copied_and_deleted(bucket: str, tmp_path: Path) -> None:
    folder = remote_at(f"{bucket}/some/prefix")
    assert isinstance(folder, Remote)
    assert folder.files() == {}
    folder.write("a.txt", b"one")
    folder.write("a.txt", b"two")
    folder.child("sub").write("b.bin", bytes(300_000))
    assert folder.read("a.txt") == b"two"
    assert {name: entry.size for name, entry in folder.files().items()} == {
        "a.txt": 3, "sub/b.bin": 300_000
    }  # fmt: skip
    assert abs(folder.time_of("a.txt") - time.time()) < 60
    folder.get("a.txt", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"two"
    folder.copy("a.txt", "sub/c.txt")
    folder.delete("a.txt")
    folder.delete("a.txt")
    assert set(folder.files("sub")) == {"sub/b.bin", "sub/c.txt"}
    with pytest.raises(FileNotFoundError):
        folder.read("a.txt")
    folder.delete_all()
    assert folder.files() == {}


def test_a_bucket_that_does_not_exist_is_said(bucket: str) -> None:
    nowhere = remote_at(bucket.replace("sweeps", "nowhere"))
    assert nowhere is not None
    with pytest.raises(StorageError, match="there is no such bucket"):
        nowhere.files()
    with pytest.raises(StorageError, match="cannot be written to: there is no such bucket"):
        nowhere.write("a.txt", b"one")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_sweep_is_killed_resumed_on_another_machine_and_fetched(
    bucket: str, tmp_path: Path, image_dir: Path
) -> None:
    place = f"{bucket}/of/mine"
    file = write_sweep(tmp_path, content(image_dir))
    out = tmp_path / "results"
    with driving("sweep", "asha", file, "-o", place, *ONE, cwd=tmp_path) as driver:
        wait_for(partial(reached, out, 3), driver)
        url = f"{place}/{result_dir(out).name}"
        (tmp_path / "early").mkdir()
        words = ("sweep", "asha", "--resume", url, *ONE)
        refused = run_here(*words, cwd=tmp_path / "early")
        assert refused.returncode == 2
        assert "a sweep is already running" in refused.stderr, "its sign of life is in the store"
        driver.kill_all()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = tune_mc1(*words, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    (third := tmp_path / "third").mkdir()
    assert run_here("fetch", url, cwd=third).returncode == 0
    copy = third / "results" / url.rpartition("/")[2]
    assert len(events(copy, "resume")) == 1
    quiet = tmp_path / "quiet"
    quiet.mkdir()
    same(copy, sweep_here(quiet, content(image_dir), "asha", *ONE).root)


def test_azure_needs_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    folder = remote_at("az://unset/x")
    assert folder is not None
    with pytest.raises(StorageError, match="no account: set AZURE_STORAGE_ACCOUNT"):
        folder.read("a.txt")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            "DefaultEndpointsProtocol=https;EndpointSuffix=core.windows.net;AccountName=mine;"
            "AccountKey=a2V5;BlobEndpoint=https://mine.blob.core.windows.net/",
            {
                "account_key": "a2V5",
                "blob": ".blob.core.windows.net",
                "dfs": ".dfs.core.windows.net",
            },
        ),
        (
            "BlobEndpoint=https://mine.z1.blob.storage.azure.net/;SharedAccessSignature=sv=1&sig=b",
            {
                "sas_token": "?sv=1&sig=b",
                "blob": ".z1.blob.storage.azure.net",
                "dfs": ".z1.dfs.storage.azure.net",
            },
        ),
        (
            "AccountName=mine;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn",
            {
                "account_key": "a2V5",
                "blob": ".blob.core.chinacloudapi.cn",
                "dfs": ".dfs.core.chinacloudapi.cn",
            },
        ),
    ],
)
def test_azures_connection_strings(
    monkeypatch: pytest.MonkeyPatch, told: str, expected: dict[str, str]
) -> None:
    """Those of `az`, which name an endpoint, led to `mine.blob.core.windows.net/mine`."""
    made: list[tuple[str, dict[str, str]]] = []
    for name in ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", told)
    monkeypatch.setattr(fs, "AzureFileSystem", lambda name, **words: made.append((name, words)))
    filesystem.cache_clear()
    filesystem("az", "sweeps")
    filesystem.cache_clear()
    wanted = {
        f"{name}_storage_authority" if name in ("blob", "dfs") else name: value
        for name, value in expected.items()
    }
    assert made == [("mine", wanted)]


def test_azures_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "AccountName=mine;AccountKey=a2V5a2V5a2V5==;EndpointSuffix=core.windows.net"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", told)
    assert redact(f"[{told}]") == "[***]"
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    assert "a2V5" not in redact(told)
    address = "https://mine.blob.core.windows.net/sweeps/a?sv=1&sig=c2lnbmF0dXJl%3D&se=2"
    assert redact(f"'{address}'") == f"'{address.replace('c2lnbmF0dXJl%3D', '***')}'"


def test_a_wrong_key_is_said(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not bucket.startswith("az"):
        pytest.skip("the emulator of Google's store takes everyone")
    told = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", told.replace("Eby8", "AAAA"))
    filesystem.cache_clear()
    try:
        folder = remote_at(f"{bucket}/x")
        assert folder is not None
        with pytest.raises(StorageError, match=r"written to: access is denied \(credentials"):
            folder.write("a.txt", b"one")
    finally:
        filesystem.cache_clear()
