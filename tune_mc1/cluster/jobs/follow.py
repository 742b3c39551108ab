"""Follows a job: its output as it comes, its end, and what to do when one looks away before."""

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
"""Seconds between questions whether the server is still there: a cut line says nothing itself."""

PATIENCE = 3
"""Questions in a row that a busy server may leave without an answer."""

END_S = 30.0
"""How long a job has after its output has ended."""

RESULTS = re.compile(r"Results: (?:.*, and (?=[a-z0-9]+://))?(\S.*)")
"""A sweep's first line: its directory, and its URL if it has one, which is what lasts."""

BAD_INPUT = 2
ENDS = (0, 1, BAD_INPUT, INTERRUPTED)
"""What a sweep exits with."""


class ConnectionLostError(Exception):
    """The server does not answer any more; the job may well go on."""


@dataclass
class Job:
    """A job on a cluster.

    Attributes:
        id: Its name there.
        server: Where it is.
        sweep: The words of the command that resumes a sweep, such as `sweep grid`; None where a
            job runs several.
        place: Where its results go.
        root: The directory of its sweep there, once that is known.
    """

    id: str
    server: JobServer
    sweep: str | None
    place: str
    root: str | None = None
    _line: str = field(default="", repr=False)

    def show(self, text: str) -> None:
        """Prints a part of the output, and takes note of where results go."""
        print(redact(text), end="", flush=True)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if found := RESULTS.fullmatch(line):
                self.root = found[1]

    def ray(self, words: str) -> str:
        """A command of Ray's on this job; without the variable Ray would not send its token."""
        token = "RAY_AUTH_MODE=token " if self.server.token else ""
        return f"{token}ray job {words} --address {shlex.quote(self.server.address)} {self.id}"

    def how_to_go_on(self, *, runs: bool) -> str:
        """The commands for a job that is not watched any more.

        Args:
            runs: Whether it still does.
        """
        lines = []
        if runs:
            lines += [f"Attach: {self.ray('logs --follow')}", f"Stop: {self.ray('stop')}"]
        if self.sweep is not None and (self.root or runs):
            when = ", once it has stopped" if runs else ""
            root = shlex.quote(self.root) if self.root else "DIR"
            lines.append(
                f"Resume{when}: python -m tune_mc1 {self.sweep} --resume {root} "
                f"--address {shlex.quote(self.server.address)}"
            )
        return "\n".join([*lines, self.how_to_fetch()])

    def how_to_fetch(self) -> str:
        """The command that copies the results to this machine."""
        root = (self.root or f"{self.place.rstrip('/')}/DIR").rstrip("/")
        if "://" in root:
            return f"Fetch: python -m tune_mc1 fetch {shlex.quote(root)}"
        target = f"results/{root.rpartition('/')[2]}/"
        return (
            f"Fetch: ray rsync-down CLUSTER.yaml {shlex.quote(root + '/')} {shlex.quote(target)} "
            "(with the file that `ray up` took)"
        )


def follow(job: Job, client: Any) -> int:
    """Shows a job until it ends, Ctrl-C detaches from it, or the connection breaks.

    Args:
        job: The job.
        client: Ray's client of its server.

    Returns:
        The sweep's own exit status; 130 if it was stopped, or Ctrl-C detached from it; 1 if Ray
        could not run it, or the connection broke.
    """
    try:
        info = asyncio.run(_follow(job, client))
    except KeyboardInterrupt:
        _say(f"\nDetached: the sweep goes on as job {job.id}.\n{job.how_to_go_on(runs=True)}")
        return INTERRUPTED
    except ConnectionLostError as lost:
        _say(
            f"\nThe connection to {job.server.address} broke ({lost}). The sweep goes on as job "
            f"{job.id} unless its cluster has ended.\n{job.how_to_go_on(runs=True)}"
        )
        return 1
    status = _exit_status(job, info)
    if job.root is not None and status != BAD_INPUT:
        _say(job.how_to_fetch() if status == 0 else job.how_to_go_on(runs=False))
    return status


async def _follow(job: Job, client: Any) -> Any:
    """The job's details at its end."""
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
    """Asks the server now and then; ends only by ConnectionLostError."""
    missed, reason = 0, None
    while missed < PATIENCE:
        await asyncio.sleep(WATCH_S)
        reason = await server.silence()
        missed = missed + 1 if reason else 0
    raise ConnectionLostError(reason)


async def _end(job: Job, client: Any) -> Any:
    """What has become of a job whose output has ended."""
    import requests

    try:
        for _ in range(int(END_S)):
            info = client.get_job_info(job.id)
            if info.status.is_terminal():
                return info
            await asyncio.sleep(1)
    except (RuntimeError, requests.exceptions.RequestException) as error:
        raise ConnectionLostError(_one_line(error)) from None
    raise ConnectionLostError("its output ended before it did")


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
