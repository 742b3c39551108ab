"""Objects are replaced as a whole, wherever the process that writes is interrupted."""

import sys
import threading
import time
from types import FrameType
from typing import Any

import pytest

from tests.support.object_store import ObjectStore
from tune_mc1.results.store.remote import Remote

OURS = ("remote.py", "uninterrupted.py")


class Interrupter:
    """Raises KeyboardInterrupt before a line of ours in this thread, counted from 1."""

    def __init__(self, line: int) -> None:
        self.left = line

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.endswith(OURS):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def interrupted(remote: Remote, content: bytes, line: int) -> bool:
    """Writes an object, interrupted before a line; False if there are fewer lines."""
    before = sys.gettrace()
    try:
        sys.settrace(Interrupter(line))
        remote.write("object", content)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_an_object_is_the_old_or_the_new_one(store: ObjectStore) -> None:
    remote = Remote("s3://sweeps/whole")
    remote.write("object", b"0")
    line, before = 1, b"0"
    while interrupted(remote, str(line).encode(), line):
        while any(thread.name == "uninterrupted" for thread in threading.enumerate()):
            time.sleep(0.01)
        kept = remote.read("object")
        assert kept in (before, str(line).encode()), line
        line, before = line + 1, kept
    assert line > 5, "the lines of a write were counted"
    assert remote.read("object") == str(line).encode()


def test_a_write_that_fails_leaves_the_object(store: ObjectStore) -> None:
    remote = Remote("s3://sweeps/whole")
    remote.write("object", b"kept")
    with pytest.raises(TypeError):
        remote.write("object", 3)  # type: ignore[arg-type]
    assert remote.read("object") == b"kept"
