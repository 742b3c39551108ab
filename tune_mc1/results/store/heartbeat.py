"""Heartbeat that reserves a folder of an object store for one sweep, as stores have no locks."""

import json
import os
import platform
from uuid import uuid4

from tune_mc1.errors import InputError
from tune_mc1.results.store.remote import Remote

RUNNING = "running.json"
"""Object that names the process of a running sweep, rewritten every `HEARTBEAT_S`."""

HEARTBEAT_S, STALE_S = 15.0, 60.0
"""Interval between heartbeats, and age at which the last one is stale, in seconds."""


def beat(remote: Remote) -> None:
    """Writes a heartbeat.

    Raises:
        StorageError: If the store fails.
    """
    who = {"process": os.getpid(), "node": platform.node()}
    remote.write(RUNNING, json.dumps(who).encode())


def check_free(remote: Remote) -> None:
    """Checks that no sweep is running in a folder.

    A sweep of this machine whose process is gone is not running; for other machines only the age of
    the heartbeat counts.

    Raises:
        InputError: If a sweep is running.
        StorageError: If the store fails.
    """
    try:
        who = json.loads(remote.read(RUNNING))
        last = remote.time_of(RUNNING)
    except FileNotFoundError:
        return
    silent = _now(remote) - last
    gone = who["node"] == platform.node() and not _is_alive(int(who["process"]))
    if not gone and silent < STALE_S:
        raise InputError(
            f"{remote.url}: a sweep is already running here (process {who['process']} on "
            f"{who['node']}, last heartbeat {max(0.0, silent):.0f} s ago); wait for it or stop it, "
            f"and try again {STALE_S:.0f} s later"
        )


def _now(remote: Remote) -> float:
    """Current time by the store's clock, as the clocks of machines may differ."""
    name = f".probe-{uuid4().hex}"
    remote.write(name, b"")
    now = remote.time_of(name)
    remote.delete(name)
    return now


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
