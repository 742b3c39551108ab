"""One sweep a folder of an object store: a sign of life, as a store knows no locks."""

import json
import os
import platform
from uuid import uuid4

from tune_mc1.errors import InputError
from tune_mc1.results.store.remote import Remote

RUNNING = "running.json"
"""There while a sweep runs: who runs it. Written anew every `HEARTBEAT_S`."""

HEARTBEAT_S, STALE_S = 15.0, 60.0
"""How often a sweep gives a sign of life, and without one for how long it counts as gone."""


def beat(remote: Remote) -> None:
    """Gives a sign of life.

    Raises:
        StorageError: If the store fails.
    """
    who = {"process": os.getpid(), "node": platform.node()}
    remote.write(RUNNING, json.dumps(who).encode())


def check_free(remote: Remote) -> None:
    """Checks that no sweep runs in a folder.

    One of this machine whose process is gone does not; of another machine only time tells.

    Raises:
        InputError: If one does.
        StorageError: If the store fails.
    """
    try:
        who = json.loads(remote.read(RUNNING))
        last = remote.time_of(RUNNING)
    except FileNotFoundError:
        return
    silent = _now(remote) - last
    gone = who["node"] == platform.node() and not _is_there(int(who["process"]))
    if not gone and silent < STALE_S:
        raise InputError(
            f"{remote.url}: a sweep runs here already (process {who['process']} on {who['node']}, "
            f"heard of {max(0.0, silent):.0f} s ago); wait for it, or end it first, and try again "
            f"{STALE_S:.0f} s later"
        )


def _now(remote: Remote) -> float:
    """The store's own clock, so that machines need not agree on theirs."""
    name = f".probe-{uuid4().hex}"
    remote.write(name, b"")
    now = remote.time_of(name)
    remote.delete(name)
    return now


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
