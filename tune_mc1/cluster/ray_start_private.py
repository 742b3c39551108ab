"""Names of Ray that are not part of its documented API, used where Ray starts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tune_mc1.private_names import PrivateName


def _name(path: str, purpose: str, without: str) -> PrivateName:
    return PrivateName(path, purpose, "seen in Ray 2.60", without)


ENTRYPOINT = _name(
    "ray._private.utils:get_entrypoint_name",
    "hides the command line from Ray, which logs it",
    "Ray logs the command line, and fails if it is not UTF-8",
)
SIGTERM = _name(
    "ray._private.utils:set_sigterm_handler",
    "leaves SIGTERM to tune_mc1.interruption",
    "SIGTERM while Ray starts ends the sweep without its last events in the journal",
)
TEMP_DIR = _name(
    'ray._private.worker "_temp_dir"',
    "keeps the files of our own Ray where a resumed sweep finds them",
    "files that a killed sweep left behind are not removed when it is resumed",
)
SYSTEM_CONFIG = _name(
    'ray._private.worker "_system_config"',
    "passes settings to our own Ray",
    "Ray ends processes after a second of idling, so the winner's test waits for a new one",
)
IDLE_TIME = _name(
    'ray._raylet "idle_worker_killing_time_threshold_ms"',
    "keeps idle processes that have loaded PyTorch for the next task",
    "same as without _system_config",
)
CONNECTING = tuple(
    _name(
        f'ray._raylet "raylet_client_{setting}"',
        "has Ray's node manager wait less for its own object store",
        "Ray refuses our settings, and starts at the third attempt without any of them",
    )
    for setting in ("connect_timeout_milliseconds", "num_connect_attempts")
)
REGISTERED = _name(
    "ray._private.services:get_node",
    "has Ray see its own node when it is there",
    "a sweep starts up to a second later, as Ray looks once a second",
)
ASKING = tuple(
    _name(f"ray._raylet:{name}", "asks whether the node is there", "same as without get_node")
    for name in ("GcsClient", "InnerGcsClient.get_all_node_info")
)
HELPERS = tuple(
    _name(
        f"ray._private.node:Node.start_{part}",
        "starts Ray on this machine without the processes that only clusters and dashboards need",
        "a sweep starts and ends two seconds later",
    )
    for part in ("monitor", "log_monitor", "api_server")
)

NODE_WAIT_S = 10.0
NODE_POLL_S = 0.02

NAMES = (
    ENTRYPOINT,
    SIGTERM,
    TEMP_DIR,
    SYSTEM_CONFIG,
    IDLE_TIME,
    *CONNECTING,
    REGISTERED,
    *ASKING,
    *HELPERS,
)
"""Names of Ray's start; a test looks for each in the version that is installed."""


def hide_command_line() -> None:
    """Hides the command line from Ray, which logs it and fails if it is not UTF-8."""
    ENTRYPOINT.replace(lambda: "tune_mc1")


def leave_signals_alone() -> None:
    """Keeps Ray from handling SIGTERM in this process: `tune_mc1.interruption` does.

    Ray would exit at once, in the middle of its own start.
    """
    SIGTERM.replace(lambda _: None)


@contextmanager
def without_helpers() -> Iterator[None]:
    """Starts Ray without its autoscaler, log monitor and dashboard while the block runs.

    A sweep on one machine uses none of them: nodes cannot be added, each trial writes its own log,
    and the dashboard is switched off. They take half of Ray's start.
    """
    kept = [(name, name.get()) for name in HELPERS if name.usable()]
    for name, _ in kept:
        name.replace(lambda *_, **__: None)
    try:
        yield
    finally:
        for name, start in kept:
            name.replace(start)


@contextmanager
def seeing_the_node() -> Iterator[None]:
    """Starts Ray so that it goes on as soon as its node is there, while the block runs."""
    find = REGISTERED.get()
    if find is None or not all(name.usable() for name in ASKING):
        yield
        return

    def find_soon(gcs_address: str, node_id: str) -> Any:
        _await_node(gcs_address)
        return find(gcs_address, node_id)

    REGISTERED.replace(find_soon)
    try:
        yield
    finally:
        REGISTERED.replace(find)


def _await_node(gcs_address: str) -> None:
    """Waits some time until a node is there; Ray itself reports what keeps it from that."""
    end = time.monotonic() + NODE_WAIT_S
    with suppress(Exception):
        client = ASKING[0].get()(address=gcs_address)
        while not client.get_all_node_info(timeout=NODE_WAIT_S) and time.monotonic() < end:
            time.sleep(NODE_POLL_S)
