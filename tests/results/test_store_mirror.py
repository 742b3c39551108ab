"""A result directory's copy in S3: sent, compared, fetched, held by one sweep at a time."""

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.object_store import ObjectStore
from tests.support.played_sweep import Sweep
from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store import remote as remote_module
from tune_mc1.results.store.heartbeat import RUNNING, beat, check_free
from tune_mc1.results.store.local_copy import Fetched, fetch, remote_of, resumable
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.store_mirror import StoreMirror

GONE = 2**22 + 1
"""No process has such a number."""


@pytest.fixture
def remote(store: ObjectStore, request: pytest.FixtureRequest) -> Remote:
    return Remote(f"s3://sweeps/{request.node.name}/done")


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """A finished sweep in a directory, by the events of a real one."""
    made = Sweep(tmp_path / "here")
    made.run_all()
    made.writer.close()
    return made


def sent(where: ResultDir, remote: Remote, notices: list[str] | None = None) -> StoreMirror:
    mirror = StoreMirror(where, remote, (notices if notices is not None else []).append)
    mirror.start()
    return mirror


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_fetched_it_is_what_was_sent_and_the_second_time_nothing_comes(
    tmp_path: Path, sweep: Sweep, remote: Remote
) -> None:
    where = sweep.where
    for trial in ("t0001", "t0002"):
        remote.write(f"checkpoints/{trial}/last.ckpt", b"last of " + trial.encode())
        remote.write(f"checkpoints/{trial}/previous.ckpt", b"previous")
    (where.root / "logs").mkdir(exist_ok=True)
    where.log("wandb").write_text("said\n")
    sent(where, remote).finish(["t0001"])
    names = set(remote.files())
    assert names >= {"journal.jsonl", "trials.parquet", "history.parquet", "logs/wandb.log"}
    assert "checkpoints/t0001/previous.ckpt" not in names, "it has ended"
    assert "checkpoints/t0002/previous.ckpt" in names
    assert RUNNING not in names
    copy = ResultDir(tmp_path / "copy")
    first = fetch(remote, copy)
    assert first.files == len(names)
    assert first.bytes == sum(entry.size for entry in remote.files().values())
    for name in names:
        assert (copy.root / name).read_bytes() == remote.read(name)
    assert copy.read().trials == where.read().trials
    assert remote_of(copy) == remote
    assert fetch(remote, copy) == Fetched(0, 0, len(names))
    remote.write("checkpoints/t0002/last.ckpt", b"a new one")
    (copy.root / "trials.parquet").unlink()
    assert fetch(remote, copy).files == 2
    small = ResultDir(tmp_path / "small")
    assert fetch(remote, small, checkpoints=False).files == len(names) - 3
    assert list(small.checkpoints("").iterdir()) == []


def test_what_is_further_on_here_is_not_fetched_over(
    tmp_path: Path, sweep: Sweep, remote: Remote
) -> None:
    sent(sweep.where, remote).finish([])
    with sweep.where.journal.open("a") as file:
        file.write('{"event":"resume","time":1.0}\n')
    before = sweep.where.journal.read_bytes()
    with pytest.raises(InputError, match=r"has results that .* lacks; name another directory"):
        fetch(remote, sweep.where)
    assert sweep.where.journal.read_bytes() == before
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="other: must be empty, or a copy of s3://"):
        fetch(remote, ResultDir(other))


def test_a_file_whose_download_breaks_off_stays_as_it_was(
    tmp_path: Path, sweep: Sweep, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(sweep.where, remote).finish([])
    copy = ResultDir(tmp_path / "copy")
    fetch(remote, copy)
    before = copy.trials.read_bytes()
    remote.write("trials.parquet", b"new, and longer than it was" * 1000)

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="No space left on device"):
        fetch(remote, copy)
    assert copy.trials.read_bytes() == before
    assert not list(copy.root.glob(".*.tmp"))


def test_a_store_that_goes_away_is_said_once_and_does_not_stop_the_sweep(
    sweep: Sweep, remote: Remote, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tune_mc1.results.store.store_mirror.INTERVAL_S", 0.1)
    notices: list[str] = []
    mirror = sent(sweep.where, remote, notices)
    until(lambda: "journal.jsonl" in remote.files())
    store.stop()
    try:
        with sweep.where.journal.open("a") as file:
            file.write('{"event":"resume","time":1.0}\n')
        until(lambda: notices)
        with pytest.raises(StorageError, match=r"cannot be .*Could not connect to server"):
            mirror.finish([], timeout_s=3)
    finally:
        store.start()
    assert len(notices) == 1
    assert notices[0].endswith(f"results stay in {sweep.where.root} and are uploaded later")
    again = sent(sweep.where, remote, notices)
    again.finish([])
    assert remote.read("journal.jsonl") == sweep.where.journal.read_bytes()


def test_a_store_that_comes_back_is_said_too(
    sweep: Sweep, remote: Remote, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tune_mc1.results.store.store_mirror.INTERVAL_S", 0.1)
    monkeypatch.setattr("tune_mc1.results.store.store_mirror.LONGEST_S", 0.1)
    store.stop()
    notices: list[str] = []
    try:
        mirror = sent(sweep.where, remote, notices)
        until(lambda: notices)
    finally:
        store.start()
    until(lambda: len(notices) == 2)
    assert notices[1] == f"{remote.url}: is reachable again"
    mirror.finish([])


def test_one_sweep_at_a_time(
    sweep: Sweep, remote: Remote, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sent(sweep.where, remote).finish([])
    check_free(remote)
    beat(remote)
    taken = rf"already running here \(process {os.getpid()} on {platform.node()}, last heartbeat"
    with pytest.raises(InputError, match=taken):
        resumable(Path(remote.url))
    remote.write(RUNNING, json.dumps({"process": GONE, "node": platform.node()}).encode())
    check_free(remote)
    remote.write(RUNNING, json.dumps({"process": GONE, "node": "another"}).encode())
    with pytest.raises(InputError, match="on another, last heartbeat"):
        check_free(remote)
    monkeypatch.setattr("tune_mc1.results.store.heartbeat.STALE_S", -1.0)
    check_free(remote)


def test_which_copy_goes_on(tmp_path: Path, sweep: Sweep, remote: Remote) -> None:
    """The working directory is `tmp_path`, so that copies go to `results/` in it."""
    sent(sweep.where, remote).finish([])
    url = Path(remote.url)
    copy = resumable(url)
    assert copy.root == tmp_path / "results" / "done"
    assert copy.read().trials == sweep.where.read().trials
    assert resumable(copy.root).root == copy.root
    line = '{"event":"resume","time":1.0}\n'
    with copy.journal.open("a") as file:
        file.write(line)
    assert resumable(url).journal.read_text().endswith(line), "what is here is further on"
    remote.put(copy.journal, "journal.jsonl")
    remote.write("journal.jsonl", copy.journal.read_bytes() + b'{"event":"close","time":2.0}\n')
    with pytest.raises(InputError, match="done has results that are missing here; move"):
        resumable(copy.root)
    assert resumable(url).journal.read_bytes() == remote.read("journal.jsonl")
    with copy.journal.open("a") as file:
        file.write(line)
    remote.write("journal.jsonl", remote.read("journal.jsonl") + b'{"event":"close","time":3.0}\n')
    with pytest.raises(InputError, match="done has results that are missing here; move"):
        resumable(url)


def test_a_journal_that_is_older_than_the_tables_goes_first(
    tmp_path: Path, sweep: Sweep, remote: Remote
) -> None:
    sent(sweep.where, remote).finish([])
    journal = remote.read("journal.jsonl").splitlines(keepends=True)
    remote.write("journal.jsonl", b"".join(journal[:-3]))
    copy = ResultDir(tmp_path / "copy")
    fetch(remote, copy)
    alone = ResultDir(tmp_path / "alone")
    alone.root.mkdir()
    alone.journal.write_bytes(copy.journal.read_bytes())
    assert copy.read().trials == alone.read().trials
    assert copy.read().trials != sweep.where.read().trials


def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []

    def fails() -> None:
        tries.append(time.monotonic())
        raise StorageError("gone")

    with pytest.raises(StorageError, match="gone"):
        remote_module.retry(fails, 1.0)
    assert len(tries) >= 2
    assert remote_module.retry(lambda: 3, 0.0) == 3


def test_files_of_trackers_are_sent_and_those_that_were_replaced_go(
    tmp_path: Path, sweep: Sweep, remote: Remote
) -> None:
    run = sweep.where.root / "tensorboard" / "t0001"
    run.mkdir(parents=True)
    for name in ("first", "second"):  # as a resumed sweep replaces the one by the other
        (run / name).write_text(name)
        (sweep.where.root / "mlflow.db").write_text(name)
        (sweep.where.root / "mlflow.db-journal").write_text("while it is written")
        sent(sweep.where, remote).finish([])
        (run / "first").unlink(missing_ok=True)
    sent(sweep.where, remote).finish([])
    names = {name for name in remote.files() if name.startswith(("tensorboard", "mlflow"))}
    assert names == {"tensorboard/t0001/second", "mlflow.db"}
