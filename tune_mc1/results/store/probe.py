"""Checks that results can be written to a location, and that every node of a cluster shares it.

They run before anything else. A node that joins later is set up like the others; its trials first
look for the sweep's file (`tune_mc1.running.worker`), and if it is missing the sweep ends with that
reason, as other new nodes would not see it either.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from uuid import uuid4

from tune_mc1.errors import InputError, StorageError
from tune_mc1.files import as_url, utf8
from tune_mc1.results.store.remote import Remote, remote_at

NODE_S = 60.0
"""Time limit for a node's reply, in which its first process has to load its libraries."""

SEEN_S = 5.0
"""Time after which a network file system shows a new file."""


def checked_place(place: Path | str, field: str) -> Path | Remote:
    """The directory or object store that a user named, checked to be writable.

    Args:
        place: The user's text.
        field: Its field or flag, for messages.

    Raises:
        InputError: If results cannot be written there.
    """
    try:
        remote = remote_at(place)
    except InputError as error:
        raise InputError(f"{field}: {error}") from None
    if remote is None:
        check_storage(Path(place), field)
        return Path(place)
    name, content = f".probe-{uuid4().hex}", os.urandom(16)
    try:
        remote.write(name, content)
        back = remote.read(name)
        remote.delete(name)
    except (StorageError, FileNotFoundError) as error:
        raise InputError(f"{field}: {error}") from None
    if back != content:
        raise InputError(f"{field}: {remote.url}: a file written there was read back altered")
    return remote


def check_nodes(place: Path | Remote, field: str) -> None:
    """Checks that all nodes of the connected cluster share a location.

    Each node reads a file of the driver and writes a reply, which the driver reads; then all files
    are removed.

    Args:
        place: The directory or object store for results.
        field: The field or flag that names it, for messages.

    Raises:
        InputError: With one line per node that does not share it.
    """
    place = place.absolute() if isinstance(place, Path) else place
    made = [] if isinstance(place, Remote) else _make(place)
    probe, content = f".probe-{uuid4().hex}", os.urandom(16)
    problems = []
    try:
        _write(place, probe, content)
        for node, reply in on_each_node(answer, place, probe):
            try:
                check_answer(place, reply, content)
            except StorageError as error:
                problems.append(f"node {node}: {error}")
    finally:
        _delete(place, probe)
        for path in made:
            with suppress(OSError):
                path.rmdir()
    where, cure = (
        (place.url, "every node needs the endpoint and credentials (environment or instance role)")
        if isinstance(place, Remote)
        else (place, "name a directory that all nodes share, or an object store, s3://...")
    )
    if problems:
        raise InputError(f"{field}: {where}: {problem}; {cure}" for problem in problems)


def answer(place: Path | Remote, probe: str) -> str:
    """Replies to the driver's file with a second file; runs on a node.

    Args:
        place: The location.
        probe: Name of the driver's file.

    Returns:
        Name of the reply.

    Raises:
        StorageError: If the node does not see the driver's file, or cannot write the reply.
    """
    reply = f"{probe}-{uuid4().hex}"
    try:
        _write(place, reply, _await(place, probe)[::-1])
    except FileNotFoundError:
        raise StorageError("does not see the file that the driver wrote there") from None
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"cannot read and write there: {reason}") from None
    return reply


def check_answer(place: Path | Remote, reply: str | Exception, content: bytes) -> None:
    """Checks a node's reply and removes it; runs on the driver.

    Args:
        place: The location.
        reply: Name of the reply, or the error that the node raised.
        content: Content of the driver's file.

    Raises:
        StorageError: If there is no reply, or it does not match.
    """
    if isinstance(reply, Exception):
        raise (
            reply if isinstance(reply, StorageError) else StorageError(f"did not reply: {reply}")
        )
    try:
        seen = _await(place, reply)
    except FileNotFoundError:
        raise StorageError("wrote a file there that the driver does not see") from None
    _delete(place, reply)
    if seen[::-1] != content:
        raise StorageError("reads other bytes there than the driver wrote")


def on_each_node(
    task: Callable[..., Any], *values: Any, seconds: float = NODE_S
) -> list[tuple[str, Any]]:
    """Runs a function on every live node, without reserving resources.

    Args:
        task: The function.
        values: Its arguments.
        seconds: Time limit for all nodes.

    Returns:
        Name of each node, with the value that the function returned or the error that it raised.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    remote = ray.remote(task)
    pending = []
    for node in ray.nodes():  # type: ignore[no-untyped-call]
        if node["Alive"]:
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            options = remote.options(num_cpus=0, max_retries=0, scheduling_strategy=there)
            name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
            pending.append((name, options.remote(*values)))
    end = time.monotonic() + seconds
    found: list[tuple[str, Any]] = []
    for name, result in pending:
        try:
            found.append((name, ray.get(result, timeout=max(0.1, end - time.monotonic()))))
        except ray.exceptions.RayTaskError as error:
            found.append((name, error.cause))
        except ray.exceptions.RayError as error:
            found.append((name, error))
    return found


def _await(place: Path | Remote, name: str) -> bytes:
    """Content of a file, once it is visible."""
    end = time.monotonic() + SEEN_S
    while True:
        try:
            return place.read(name) if isinstance(place, Remote) else (place / name).read_bytes()
        except FileNotFoundError:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


def _write(place: Path | Remote, name: str, content: bytes) -> None:
    """Writes a file to a directory or object store."""
    if isinstance(place, Remote):
        place.write(name, content)
    else:
        (place / name).write_bytes(content)


def _delete(place: Path | Remote, name: str) -> None:
    with suppress(OSError, StorageError):
        place.delete(name) if isinstance(place, Remote) else (place / name).unlink()


def _make(place: Path) -> list[Path]:
    """Creates a directory; returns the directories that are new, deepest first."""
    new = [path for path in (place, *place.parents) if not path.exists()]
    place.mkdir(parents=True, exist_ok=True)
    return new


def check_storage(parent: Path, field: str) -> None:
    """Checks that a directory is writable, by a temporary file, and leaves everything as it was.

    Args:
        parent: The directory, which need not exist yet.
        field: The field or flag that names it, for messages.

    Raises:
        InputError: If it is not writable.
    """
    if url := as_url(parent):
        raise InputError(f"{field}: must be a directory, got {url!r}")
    if utf8(where := str(parent.absolute())) != where:
        raise InputError(f"{field}: must be UTF-8, which Ray and W&B need, got {where!r}")
    made: list[Path] = []
    try:
        made += (path for path in (parent, *parent.parents) if not path.exists())
        parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=parent) as file:
            file.write(b"results")
    except FileExistsError:
        raise InputError(f"{field}: must be a directory, got the file {str(parent)!r}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{field}: results cannot be written to {str(parent)!r}: {reason}"
        ) from None
    finally:
        with suppress(OSError):
            for path in made:
                path.rmdir()
