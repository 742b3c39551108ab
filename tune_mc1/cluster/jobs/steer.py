"""A command that steers a sweep, as a Ray job on the cluster that has the sweep's directory."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tune_mc1.cluster.jobs.follow import Job, follow
from tune_mc1.cluster.jobs.job_command import lasts, place_text
from tune_mc1.cluster.jobs.package import pack
from tune_mc1.cluster.jobs.server import JobServer
from tune_mc1.cluster.jobs.submit import new_id, send
from tune_mc1.errors import InputError


def steer(
    address: str,
    words: Sequence[str],
    directory: Path,
    arguments: Sequence[str] = (),
    *,
    cacert: Path | None = None,
    allow_http: bool = False,
) -> int:
    """Runs the command on the cluster's head, shows its output, and returns its exit status.

    Args:
        address: The cluster's dashboard, such as `https://head`.
        words: The command and its options.
        directory: The sweep's directory there, or its URL.
        arguments: Further arguments of the command.
        cacert: Certificates of the authorities to trust; None for the usual ones.
        allow_http: Whether Ray's token may be sent unencrypted to another machine.

    Raises:
        InputError: If the directory is relative, or the server cannot be used.
        TuneMc1Error: If the server rejects the job.
    """
    place = place_text(directory)
    if not lasts(place):
        rule = "must be an absolute path on the cluster, or a URL, with --address"
        raise InputError(f"{words[0]}: {rule}, got {place!r}")
    server = JobServer(address, cacert=cacert, allow_http=allow_http)
    entry = shlex.join(["python", "-m", "tune_mc1", *words, "--", place, *arguments])
    client = server.client()
    job = Job(new_id(), server, None, place)
    with TemporaryDirectory(prefix="tune_mc1-job-") as folder:
        pack(Path(folder), None)
        send(client, job.id, f"exec {entry}", {"working_dir": folder})
    return follow(job, client)
