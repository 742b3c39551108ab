"""Submission of a sweep to a cluster over http, as a Ray job."""

import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tune_mc1.cluster.jobs.follow import Job, follow
from tune_mc1.cluster.jobs.job_command import PROGRAM, JobCommand
from tune_mc1.cluster.jobs.package import pack
from tune_mc1.cluster.jobs.server import JobServer
from tune_mc1.cluster.sent_files import LEFT_OUT, check_sent
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.errors import TuneMc1Error
from tune_mc1.interruption import INTERRUPTED
from tune_mc1.planning.plan import Plan
from tune_mc1.tracking.tracker import check_trackers
from tune_mc1.tracking.wandb.mode import has_key, named_mode

STOP_WAIT_S = 20
"""Seconds for a stopped sweep to end cleanly; Ray's default of 3 s is too short."""

KEY_STAYS = (
    "W&B: the API key of this machine is not sent, as everyone who can reach the cluster can read "
    "a job's variables; set one on the head (WANDB_API_KEY before `ray start`, or `wandb login` "
    "there), otherwise W&B is offline in the job"
)


def submit(command: JobCommand, plans: Sequence[Plan], notify: Callable[[str], None]) -> int:
    """Runs a command as a job, and follows it to its end.

    Args:
        command: The command.
        plans: The sweeps that it runs, as far as known here.
        notify: Called with each notice for the user.

    Returns:
        The exit status of `follow`.

    Raises:
        InputError: If the command cannot run on the server.
        TuneMc1Error: If the server rejects the job.
    """
    for plan in plans or (None,):
        command.check_places(plan.sweep.storage if plan else None)
    flag = command.options.get("--wandb")
    tracked = {n for p in plans for n in check_trackers(p.sweep.tracker, {"wandb": flag})}
    wandb = not plans or "wandb" in tracked
    mode = named_mode(flag)[1] if wandb else None
    server = JobServer(command.address, cacert=command.cacert, allow_http=command.allow_http)
    for notice in (notice for plan in plans for notice in plan.notices):
        notify(notice)
    if wandb and mode in {None, "online"} and has_key():
        notify(KEY_STAYS)
    command = replace(command, options={**command.options, "--wandb": mode})
    program = plans[0].sweep if plans and isinstance(plans[0].sweep, ProgramSweep) else None
    if program is not None:
        command = replace(command, directory=Path(program.directory))
        command.entrypoint()  # a script must be among what is sent
        notify(check_sent(Path(program.directory), http=True))
    sweep = f"sweep {plans[0].command}" if len(plans) == 1 else None
    if command.words[0] == "sweep":
        sweep = command.resuming
    place = command.root or command.place or str(plans[0].sweep.storage)
    job = Job(new_id(), server, sweep, place, command.root, command.arguments)
    client = server.client()
    try:
        _send(client, job.id, command)
    except KeyboardInterrupt:
        print(
            f"\nInterrupted while submitting the job; its status: {job.ray('status')}",
            file=sys.stderr,
        )
        return INTERRUPTED
    print(f"Job: {job.id} on {server.address} (Ctrl-C detaches; the sweep continues)", flush=True)
    return follow(job, client)


def new_id() -> str:
    """Submission id, chosen here so that it is known even if the request fails."""
    return f"tune_mc1-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def _send(client: Any, name: str, command: JobCommand) -> None:
    with TemporaryDirectory(prefix="tune_mc1-job-") as folder:
        pack(Path(folder), None if command.is_script else command.file, command.directory)
        environment: dict[str, Any] = {
            "working_dir": folder,
            "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WAIT_S)},
        }
        if command.directory is not None:
            environment["excludes"] = [f"/{PROGRAM}{name}" for name in LEFT_OUT]
        send(client, name, command.entrypoint(), environment)


def send(client: Any, name: str, entrypoint: str, environment: Mapping[str, Any]) -> None:
    """Submits a job.

    Args:
        client: Ray's client of the server.
        name: Submission id.
        entrypoint: The shell command.
        environment: Ray's runtime environment.

    Raises:
        TuneMc1Error: If the server rejects it.
    """
    import requests
    from ray.exceptions import RayError

    try:
        client.submit_job(entrypoint=entrypoint, submission_id=name, runtime_env=dict(environment))
    except (RuntimeError, RayError, requests.exceptions.RequestException) as error:
        reason = " ".join(str(error).split())[:300]
        raise TuneMc1Error(f"The job was rejected: {reason}") from None
