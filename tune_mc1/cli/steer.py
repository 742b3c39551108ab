"""The commands that steer a running sweep: `stop`, `resize`, `add`, `pin`, `note`."""

from pathlib import Path
from typing import Annotated

import typer

from tune_mc1.cli.options import AllowHttp, CaCert
from tune_mc1.cluster.address import check_link, is_job_server
from tune_mc1.errors import InputError
from tune_mc1.results.steering.requests import (
    Add,
    Note,
    Pin,
    Request,
    Resize,
    StopSweep,
    StopTrials,
)

Directory = Annotated[Path, typer.Argument(help="Result directory of a running sweep, or its URL.")]
Trial = Annotated[str, typer.Argument(help="Id of a trial, such as t0003.")]
JobServer = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="https://head of the cluster on which the sweep runs, if the directory is there.",
    ),
]


def stop(
    directory: Directory,
    trials: Annotated[
        list[str] | None, typer.Argument(help="Trials to stop; none stops the whole sweep.")
    ] = None,
    address: JobServer = None,
    cacert: CaCert = None,
    allow_http: AllowHttp = False,
) -> None:
    """Stop trials of a running sweep, or the sweep; what they have is kept."""
    if trials:
        _ask(directory, StopTrials(tuple(trials)), (address, cacert, allow_http), "stop", *trials)
    else:
        _ask(directory, StopSweep(), (address, cacert, allow_http), "stop")


def resize(
    directory: Directory,
    max_concurrent: Annotated[
        int,
        typer.Option(
            "--max-concurrent", min=1, help="Maximum number of concurrent trials, fused ones too."
        ),
    ],
    address: JobServer = None,
    cacert: CaCert = None,
    allow_http: AllowHttp = False,
) -> None:
    """Change how many trials of a running sweep run at a time."""
    option = f"--max-concurrent={max_concurrent}"
    link = (address, cacert, allow_http)
    _ask(directory, Resize(max_concurrent), link, "resize", option=option)


def add(
    directory: Directory,
    more: Annotated[int, typer.Option("--more", "-n", min=1, help="Number of settings to add.")],
    address: JobServer = None,
    cacert: CaCert = None,
    allow_http: AllowHttp = False,
) -> None:
    """Add settings to a running random or Bayesian search."""
    _ask(directory, Add(more), (address, cacert, allow_http), "add", option=f"--more={more}")


def pin(
    directory: Directory,
    trial: Trial,
    off: Annotated[bool, typer.Option("--off", help="Take the pin off again.")] = False,
    address: JobServer = None,
    cacert: CaCert = None,
    allow_http: AllowHttp = False,
) -> None:
    """Pin a trial, also of a sweep that has ended."""
    link, option = (address, cacert, allow_http), "--off" if off else None
    _ask(directory, Pin(trial, not off), link, "pin", trial, option=option)


def note(
    directory: Directory,
    trial: Trial,
    text: Annotated[str, typer.Argument(help="The note; an empty one removes it.")],
    address: JobServer = None,
    cacert: CaCert = None,
    allow_http: AllowHttp = False,
) -> None:
    """Write a note on a trial, also of a sweep that has ended."""
    _ask(directory, Note(trial, text), (address, cacert, allow_http), "note", trial, text)


Link = tuple[str | None, Path | None, bool]
"""The dashboard of the cluster that has the directory, or None; certificates to trust; whether
Ray's token may be sent unencrypted."""


def _ask(
    directory: Path,
    request: Request,
    link: Link,
    command: str,
    *arguments: str,
    option: str | None = None,
) -> None:
    """Asks the sweep, and prints its answer in one line.

    Args:
        directory: The sweep's directory, or its URL.
        request: The request.
        link: The cluster on which the command is to run, which is made of the others.
        command: Its name.
        arguments: Its arguments after the directory.
        option: Its option.

    Raises:
        InputError: If it refuses, or none runs.
    """
    request.check()
    address, cacert, allow_http = link
    check_link(address, cacert, allow_http=allow_http)
    if address is not None:
        if not is_job_server(address):
            rule = (
                "must be https://head or http://localhost:8265; without it, the directory is "
                "looked up here"
            )
            raise InputError(f"--address: {rule}, got {address!r}")
        from tune_mc1.cluster.jobs.steer import steer

        words = [command, *([option] if option else [])]
        status = steer(address, words, directory, arguments, cacert=cacert, allow_http=allow_http)
        raise typer.Exit(status)
    from tune_mc1.results.steering.ask import ask

    answer = ask(directory, request)
    if answer.state == "refused":
        raise InputError(f"{command}: {answer.line}")
    print(answer.line)
    if answer.state == "waiting":
        raise typer.Exit(1)


COMMANDS = (
    ("stop", stop, "results/random-20261124-101500 t0003"),
    ("resize", resize, "results/random-20261124-101500 --max-concurrent 4"),
    ("add", add, "results/random-20261124-101500 --more 5"),
    ("pin", pin, "results/random-20261124-101500 t0003"),
    ("note", note, 'results/random-20261124-101500 t0003 "overfits from epoch 4 on"'),
)
"""Name, function and example of each."""
