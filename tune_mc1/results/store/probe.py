"""Whether results can be written to a place, and whether every node of a cluster sees it.

Found out before anything starts. A node that joins later is built like the others; its trials look
for the sweep's own file first (`tune_mc1.running.worker`), and the sweep ends with a reason if it
is not there: another node that the autoscaler brings would not see it either.
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
"""What a node may take for its answer: a first process there has to load its libraries."""

SEEN_S = 5.0
"""A network's file system may show a new file a little later."""


def checked_place(place: Path | str, field: str) -> Path | Remote:
    """The directory or object store that a user named, if results can be written there.

    Args:
        place: What the user wrote.
        field: Where, for the message.

    Raises:
        InputError: If they cannot.
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
        raise InputError(f"{field}: {remote.url}: what was written there comes back as other bytes")
    return remote


def check_nodes(place: Path | Remote, field: str) -> None:
    """Checks that all nodes of the cluster that this process is connected to share a place.

    Each node reads what the driver wrote there, and the driver what each node answers; nothing of
    it is left behind.

    Args:
        place: The directory or object store that results go to.
        field: Where the user named it, for the message.

    Raises:
        InputError: With a line for each node that does not.
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
        (place.url, "every node needs endpoint and credentials, in its environment or by its role")
        if isinstance(place, Remote)
        else (place, "name a directory that all nodes share, or an object store, s3://...")
    )
    if problems:
        raise InputError(f"{field}: {where}: {problem}; {cure}" for problem in problems)


def answer(place: Path | Remote, probe: str) -> str:
    """On a node: answers the driver's file in a place by a second one.

    Args:
        place: The place.
        probe: Name of the driver's file.

    Returns:
        The name of the answer.

    Raises:
        StorageError: If the node does not see the first file, or cannot write the second.
    """
    reply = f"{probe}-{uuid4().hex}"
    try:
        _write(place, reply, _await(place, probe)[::-1])
    except FileNotFoundError:
        raise StorageError("does not see there what the sweep's driver wrote") from None
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"cannot read and write there: {reason}") from None
    return reply


def check_answer(place: Path | Remote, reply: str | Exception, content: bytes) -> None:
    """On the driver: checks a node's answer, and removes it.

    Args:
        place: The place.
        reply: The name of the answer, or why there is none.
        content: What the driver wrote.

    Raises:
        StorageError: If the answer is none, or of another place.
    """
    if isinstance(reply, Exception):
        raise (
            reply if isinstance(reply, StorageError) else StorageError(f"gives no answer: {reply}")
        )
    try:
        seen = _await(place, reply)
    except FileNotFoundError:
        raise StorageError("writes there what the sweep's driver does not see") from None
    _delete(place, reply)
    if seen[::-1] != content:
        raise StorageError("sees other bytes there than the sweep's driver wrote")


def on_each_node(task: Callable[..., Any], *values: Any) -> list[tuple[str, Any]]:
    """Runs a function on every node that is alive, beside all that runs there.

    Args:
        task: The function.
        values: Its arguments.

    Returns:
        Of each node its name, and what the function gave or raised.
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
    end = time.monotonic() + NODE_S
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
    """A file's content, once it can be seen."""
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
    """Makes a directory; returns what was not there before, the deepest first."""
    new = [path for path in (place, *place.parents) if not path.exists()]
    place.mkdir(parents=True, exist_ok=True)
    return new


def check_storage(parent: Path, field: str) -> None:
    """Writes a nameless file to a directory, and leaves everything as it was.

    Args:
        parent: The directory, which need not be there yet.
        field: Where the user named it, for the message.

    Raises:
        InputError: If nothing can be written there.
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
