"""The `wandb` commands."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import track

from tune_mc1.cli.options import local
from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.interruption import INTERRUPTED
from tune_mc1.redaction import redact
from tune_mc1.tracking.wandb.mode import has_key, server

if TYPE_CHECKING:
    from tune_mc1.results.schema import Row
    from tune_mc1.tracking.wandb.upload import Upload

app = typer.Typer(help="Send results to Weights & Biases.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Send results to Weights & Biases."""


@app.command(epilog="Example: [bold]tune_mc1 wandb sync results/grid-20261124-101500[/]")
def sync(
    directory: Annotated[Path, typer.Argument(help="A result directory.", callback=local)],
) -> None:
    """Send the results of a sweep that W&B's server does not have yet.

    Safe to repeat. A sweep that is still running can be sent now and again later.
    """
    from tune_mc1.results.directory import ResultDir

    where = ResultDir(directory)
    tables = where.read()
    logs_by_itself = tables.of_program and tables.metadata.get("own_runs", True)
    if not has_key():
        raise InputError(
            "wandb sync: needs an API key (run `wandb login` or set WANDB_API_KEY), got none for "
            f"{server()}"
        )
    from tune_mc1.tracking.wandb.program_sync import ProgramSync
    from tune_mc1.tracking.wandb.sent import Sent
    from tune_mc1.tracking.wandb.stored import quieten
    from tune_mc1.tracking.wandb.sync import Sync

    quieten()
    try:
        sent = Sent(where, server())
    except OSError as error:
        raise InputError(
            f"{where.root}: the list of sent runs cannot be written: {error.strerror}"
        ) from None
    transfer = ProgramSync(where, sent) if logs_by_itself else Sync(where, sent)
    try:
        transfer.send(_with_progress)
    except KeyboardInterrupt:
        _exit_now(INTERRUPTED, f"{_summary(transfer)} Run the same command again to continue.")
    except TuneMc1Error as error:
        _exit_now(1, f"{error} ({_summary(transfer)} Run the same command again to continue.)")
    print(_summary(transfer))
    sent.close()


def _with_progress(rows: "Iterable[Row]") -> "Iterable[Row]":
    console = Console(stderr=True)
    return track(rows, "W&B", console=console, transient=True) if console.is_terminal else rows


def _summary(transfer: "Upload") -> str:
    sent = f"{transfer.count} of {transfer.total} runs sent to {server()}"
    return " ".join((f"W&B: {sent}, {transfer.known} were already there.", *transfer.notes))


def _exit_now(status: int, message: str) -> NoReturn:
    """Exits immediately; at a normal exit W&B would wait for the server."""
    print(redact(message), file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
