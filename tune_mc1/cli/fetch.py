"""The `fetch` command."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

if TYPE_CHECKING:
    from tune_mc1.results.store.local_copy import Items
    from tune_mc1.results.store.remote import Entry


def fetch(
    url: Annotated[
        str, typer.Argument(help="URL of a sweep: s3://bucket/prefix/name, gs://... or az://...")
    ],
    directory: Annotated[
        Path | None, typer.Argument(help="Target directory. Default: results/NAME")
    ] = None,
    checkpoints: Annotated[bool, typer.Option(help="Also fetch checkpoints.")] = True,
) -> None:
    """Download a sweep's results from an object store; a later run fetches only what is new."""
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.results.store.local_copy import RESULTS_DIR, remote_named
    from tune_mc1.results.store.local_copy import fetch as run

    remote = remote_named(url, "fetch")
    where = ResultDir(directory or RESULTS_DIR / remote.name)
    done = run(remote, where, checkpoints=checkpoints, shown=_shown)
    print(
        f"Fetched {done.files} files, {done.bytes / 1e6:.1f} MB, to {where.root}; "
        f"{done.present} were already there."
    )


def _shown(items: "Items") -> "Iterable[tuple[str, Entry]]":
    console = Console(stderr=True)
    if not console.is_terminal:
        return items
    return track(items, "Fetching", console=console, transient=True)
