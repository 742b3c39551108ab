"""Options of `sweep` that continue an earlier sweep, or start from its trials."""

from pathlib import Path
from typing import Annotated

import typer

Resume = Annotated[
    Path | None,
    typer.Option("--resume", help="Resume the sweep in this result directory or URL."),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="With --resume: run all failed trials again. Those that a lost process, memory or "
        "storage failed run again in any case.",
    ),
]
Rerun = Annotated[
    list[str] | None,
    typer.Option(
        "--rerun",
        metavar="TRIAL",
        help="With --resume: run this failed or stopped trial again, from its last checkpoint; may "
        "be repeated.",
    ),
]
From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="DIR",
        help="Start from the trials of this result directory or URL; may be repeated.",
    ),
]
Best = Annotated[
    int | None,
    typer.Option(
        "--best", min=1, help="With --from: run its best settings, this many, with new seeds."
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs", min=1, help="With --resume: epochs per trial, at least as many as before."
    ),
]
