"""Options and output that several commands share."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from tune_mc1.errors import InputError
from tune_mc1.files import as_url
from tune_mc1.redaction import redact

PathOrPaths = TypeVar("PathOrPaths", Path, list[Path])

err = Console(stderr=True)

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE[,VALUE...]", help="Replace a parameter of the file."),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        "-d",
        help="cifar10, shapes10, auto, or a directory or parquet file (of the cluster's nodes, "
        "with --address).",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Where results go: a directory, s3://bucket/prefix or gs://... Default: results/",
    ),
]
MaxConcurrent = Annotated[
    int | None, typer.Option("--max-concurrent", min=1, help="Most trials at once.")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="A running Ray cluster: auto, host:port of its head, or http://head:8265 from outside "
        "of it, which runs the sweep as a Ray job.",
    ),
]
OnCluster = Annotated[
    Path | None,
    typer.Option("--cluster", help="With --dry-run: what would run on this cluster file's limits."),
]
Wandb = Annotated[
    Literal["online", "offline", "disabled"] | None,
    typer.Option("--wandb", help="Default: online with an API key, else offline."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would run; start nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def local(value: PathOrPaths) -> PathOrPaths:
    """Refuses a URL where a directory is read.

    Args:
        value: What the user wrote for an argument.

    Raises:
        InputError: If that is one.
    """
    for path in [value] if isinstance(value, Path) else value:
        if url := as_url(path):
            raise InputError(
                f"{url}: must be a directory; python -m tune_mc1 fetch {shlex.quote(url)} makes one"
            )
    return value


def say(notice: str) -> None:
    """Prints a notice that cannot be missed, apart from the output that programs read."""
    line = Text.assemble(("Note:", "bold yellow"), f" {redact(notice)}")
    err.print(line, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Prints plain data as JSON."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    print()
