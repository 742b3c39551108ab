"""The `watch` command."""

from pathlib import Path
from typing import Annotated

import typer

from tune_mc1.cli.options import RankBy, local


def watch(
    directory: Annotated[
        Path,
        typer.Argument(help="A result directory, or a directory of them.", callback=local),
    ] = Path("results"),
    host: Annotated[
        str, typer.Option("--host", help="Name or address on which to listen.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port. Default: 8640, or any free one."),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse to stop, resize or add to a sweep.")
    ] = False,
    rank: RankBy = "ended",
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Show sweeps in a browser, also while they run, and steer them.

    The printed address holds a token; who knows it can see and steer the sweeps.
    """
    from tune_mc1.page.beside import check_installed
    from tune_mc1.page.serve import listen, open_browser, serve
    from tune_mc1.page.sweeps import Sweeps

    check_installed("watch")
    sweeps = Sweeps(directory, rank)
    listening = listen(host, port)

    def ready(address: str) -> None:
        print(f"Page: {address}", flush=True)
        print("Press Ctrl-C to end it; sweeps go on.", flush=True)
        if open_:
            open_browser(address)

    serve(sweeps, host=host, listening=listening, read_only=read_only, ready=ready)
