"""Options and output shared by several commands."""

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

PathOrPaths = TypeVar("PathOrPaths", Path, Path | None, list[Path])

err = Console(stderr=True)

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE[,VALUE...]",
        help="Override a parameter of the file; also NAME=LOW..HIGH or NAME=LOW..HIGH:log.",
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        "-d",
        help="cifar10, shapes10, auto, or a directory or parquet file (on the cluster's nodes, "
        "with --address).",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Where to write results: a directory, s3://bucket/prefix, gs://... or az://... "
        "Default: results/",
    ),
]
MaxConcurrent = Annotated[
    int | None,
    typer.Option(
        "--max-concurrent", min=1, help="Maximum number of concurrent trials, fused ones too."
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="A running Ray cluster: auto, host:port of its head node, or https://head (http:// "
        "for a tunnel to this machine) to submit the sweep as a Ray job from outside the cluster.",
    ),
]
CaCert = Annotated[
    Path | None,
    typer.Option(
        "--cacert",
        help="With --address https://...: certificates of the authorities to trust (PEM). "
        "Default: SSL_CERT_FILE or REQUESTS_CA_BUNDLE, else the usual ones.",
    ),
]
AllowHttp = Annotated[
    bool,
    typer.Option(
        "--allow-http",
        help="With --address http://...: send Ray's token unencrypted to another machine.",
    ),
]
OnCluster = Annotated[
    Path | None,
    typer.Option(
        "--cluster", help="With --dry-run: show what would run within this cluster file's limits."
    ),
]
Wandb = Annotated[
    Literal["online", "offline", "disabled"] | None,
    typer.Option("--wandb", help="Mode of W&B. Default: online with an API key, else offline."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would run, then exit.")]
RankBy = Annotated[
    Literal["ended", "score"],
    typer.Option(
        "--rank",
        help="Settings and trials that diverged or failed rank after all that did not (ended), or "
        "by their scores before (score).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def local(value: PathOrPaths) -> PathOrPaths:
    """Rejects a URL where a local directory is required.

    Args:
        value: Value of the argument.

    Raises:
        InputError: If it is a URL.
    """
    for path in [value] if isinstance(value, Path) else value or ():
        if url := as_url(path):
            raise InputError(
                f"{url}: must be a local directory; to download it, run python -m tune_mc1 fetch "
                f"{shlex.quote(url)}"
            )
    return value


def print_notice(notice: str, label: str = "Note") -> None:
    """Prints a highlighted notice to stderr, which keeps it out of machine-readable output."""
    line = Text.assemble((f"{label}:", "bold yellow"), f" {redact(notice)}")
    err.print(line, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Prints plain data as JSON."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    print()
