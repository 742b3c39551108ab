"""A lock among processes: held, taken over from a process that was killed, or not to be had."""

import errno
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from tune_mc1.file_lock import locked

HOLD = """
import sys, time
from pathlib import Path
from tune_mc1.file_lock import locked
with locked(Path(sys.argv[1]), wait=False):
    print("held", flush=True)
    time.sleep(600)
"""


def holder(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("what it holds stays")
    with holder(path) as process:
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pass
        process.kill()
        with locked(path, wait=True):
            assert path.read_text() == "what it holds stays"
    with locked(path, wait=False):
        pass


def test_a_file_system_without_locks_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    for _ in range(2):
        with locked(tmp_path / "file", wait=False), locked(tmp_path / "file", wait=True):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), locked(tmp_path / "file" / "lock", wait=False):
        pass
