"""Following of a job: live output, exit status, and commands to continue after detaching."""

import asyncio
import re
import shlex
import sys
from dataclasses import dataclass, field
from typing import Any

from tune_mc1.cluster.jobs.server import JobServer
from tune_mc1.interruption import INTERRUPTED
from tune_mc1.redaction import redact

WATCH_S = 15.0
"""Seconds between checks of the server, as a broken connection may go unnoticed."""

PATIENCE = 3
"""Number of consecutive checks that a busy server may fail."""

END_S = 30.0
"""Seconds within which a job must end after its output."""

RESULTS = re.compile(r"Results: (?:.*, and (?=[a-z0-9]+://))?(\S.*)")
"""First line of a sweep's output: its directory, and its URL if it has one, which is kept."""

BAD_INPUT = 2
ENDS = (0, 1, BAD_INPUT, INTERRUPTED)
"""Exit statuses of a sweep."""


class ConnectionLostError(Exception):
    """The server no longer responds; the job may still be running."""


@dataclass
class Job:
    """A job on a cluster.

    Attributes:
        id: Its submission id.
        server: The job server.
        sweep: Words of the command that resumes the sweep, such as `sweep grid`; None if the job
            runs several sweeps.
        place: Location for results.
        root: The sweep's directory on the cluster, once known.
        arguments: Arguments of a script, which that command needs too.
    """

    id: str
    server: JobServer
    sweep: str | None
    place: str
    root: str | None = None
    arguments: tuple[str, ...] = ()
    _line: str = field(default="", repr=False)

    def show(self, text: str) -> None:
        """Prints a part of the output, and records the result directory."""
        print(redact(text), end="", flush=True)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if found := RESULTS.fullmatch(line):
                self.root = found[1]

    def ray(self, words: str) -> str:
        """A command of Ray for this job; without the variable, Ray would not send its token."""
        token = "RAY_AUTH_MODE=token " if self.server.token else ""
        return f"{token}ray job {words} {self.server.ray_words} {self.id}"

    def next_commands(self, *, runs: bool) -> str:
        """Commands for a job that is no longer followed.

        Args:
            runs: Whether it is still running.
        """
        lines = []
        if runs:
            lines += [f"Attach: {self.ray('logs --follow')}", f"Stop: {self.ray('stop')}"]
        if self.sweep is not None and (self.root or runs):
            when = ", once it has stopped" if runs else ""
            root = shlex.quote(self.root) if self.root else "DIR"
            more = f" -- {shlex.join(self.arguments)}" if self.arguments else ""
            lines.append(
                f"Resume{when}: python -m tune_mc1 {self.sweep} --resume {root} "
                f"{self.server.words}{more}"
            )
        return "\n".join([*lines, self.fetch_command()])

    def fetch_command(self) -> str:
        """The command that copies the results to this machine."""
        root = (self.root or f"{self.place.rstrip('/')}/DIR").rstrip("/")
        if "://" in root:
            return f"Fetch: python -m tune_mc1 fetch {shlex.quote(root)}"
        target = f"results/{root.rpartition('/')[2]}/"
        return (
            f"Fetch: ray rsync-down CLUSTER.yaml {shlex.quote(root + '/')} {shlex.quote(target)} "
            "(with the file for `ray up`)"
        )


def follow(job: Job, client: Any) -> int:
    """Shows a job until it ends, Ctrl-C detaches from it, or the connection breaks.

    Args:
        job: The job.
        client: Ray's client of its server.

    Returns:
        The sweep's own exit status; 130 if it was stopped or detached by Ctrl-C; 1 if Ray could
        not run it or the connection broke.
    """
    try:
        info = asyncio.run(_follow(job, client))
    except KeyboardInterrupt:
        _say(f"\nDetached: the sweep continues as job {job.id}.\n{job.next_commands(runs=True)}")
        return INTERRUPTED
    except ConnectionLostError as lost:
        _say(
            f"\nThe connection to {job.server.address} broke ({lost}). The sweep continues as job "
            f"{job.id} unless its cluster is down.\n{job.next_commands(runs=True)}"
        )
        return 1
    status = _exit_status(job, info)
    if job.root is not None and status != BAD_INPUT:
        _say(job.fetch_command() if status == 0 else job.next_commands(runs=False))
    return status


async def _follow(job: Job, client: Any) -> Any:
    """Follows the job; returns its details after its end."""
    output = asyncio.create_task(_show_output(job, client))
    watch = asyncio.create_task(_watch(job.server))
    try:
        await asyncio.wait({output, watch}, return_when=asyncio.FIRST_COMPLETED)
        if watch.done():
            watch.result()
        output.result()
        return await _end(job, client)
    finally:
        for task in (output, watch):
            task.cancel()
        await asyncio.gather(output, watch, return_exceptions=True)


async def _show_output(job: Job, client: Any) -> None:
    import aiohttp

    try:
        async for text in client.tail_job_logs(job.id):
            job.show(text)
    except (RuntimeError, OSError, aiohttp.ClientError) as error:
        raise ConnectionLostError(_one_line(error)) from None


async def _watch(server: JobServer) -> None:
    """Checks the server periodically; ends only by ConnectionLostError."""
    missed, reason = 0, None
    while missed < PATIENCE:
        await asyncio.sleep(WATCH_S)
        reason = await server.silence()
        missed = missed + 1 if reason else 0
    raise ConnectionLostError(reason)


async def _end(job: Job, client: Any) -> Any:
    """Waits for the end of a job whose output has ended; returns its details."""
    import requests

    try:
        for _ in range(int(END_S)):
            info = client.get_job_info(job.id)
            if info.status.is_terminal():
                return info
            await asyncio.sleep(1)
    except (RuntimeError, requests.exceptions.RequestException) as error:
        raise ConnectionLostError(_one_line(error)) from None
    raise ConnectionLostError("its output ended, but the job did not")


def _exit_status(job: Job, info: Any) -> int:
    if info.driver_exit_code in ENDS:
        return int(info.driver_exit_code)
    if info.status == "STOPPED":
        return INTERRUPTED
    if info.driver_exit_code is not None:
        _say(f"Job {job.id}: its process ended with status {info.driver_exit_code}")
    else:
        _say(f"Job {job.id}: Ray could not run it: {_one_line(info.message)}")
    return 1


def _one_line(error: object) -> str:
    text = " ".join(str(error).split())
    return redact(text if len(text) <= 300 else f"{text[:100]} ... {text[-200:]}")


def _say(text: str) -> None:
    print(redact(text), file=sys.stderr, flush=True)
