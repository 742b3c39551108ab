"""The `report` command."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from tune_mc1.cli.options import RankBy, local, print_notice
from tune_mc1.errors import InputError


def report(
    directories: Annotated[list[Path], typer.Argument(help="Result directories.", callback=local)],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Output directory. Default: DIR/report, or report/ for several."
        ),
    ] = None,
    lang: Annotated[
        Literal["en", "de"], typer.Option("--lang", help="Language of the report.")
    ] = "en",
    examples: Annotated[
        bool, typer.Option(help="Include images that the winner misclassified.")
    ] = True,
    tables: Annotated[
        bool,
        typer.Option("--tables", help="Also copy the result tables, without host names and paths."),
    ] = False,
    rank: RankBy = "ended",
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            help="Compare trials by this metric that they logged, not by that which the sweep "
            "optimised.",
        ),
    ] = None,
    goal: Annotated[
        Literal["maximize", "minimize"] | None,
        typer.Option("--goal", help="With --metric: its goal, for a metric of a program."),
    ] = None,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="Only print a table of the reference's results and ours."),
    ] = False,
) -> None:
    """Write a report on one or more sweeps: report.html, slides.md (Marp) and figures."""
    with _extra():
        from tune_mc1.reporting.write_report import write_report
    if markdown:
        _print_reference_table(directories, lang)
        return
    if goal is not None and metric is None:
        raise InputError("--goal: only valid with --metric")
    page = write_report(
        directories,
        output,
        lang,
        examples=examples,
        tables=tables,
        rank=rank,
        metric=metric,
        goal=goal,
        notify=print_notice,
    )
    Console().print(f"Report: {page}", highlight=False, soft_wrap=True)


@contextmanager
def _extra() -> Iterator[None]:
    """Says which extra is missing where its packages are imported."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            f"report: requires the extra `report` (no module {error.name}): pip install '.[report]'"
        ) from None


def _print_reference_table(directories: Sequence[Path], lang: Literal["en", "de"]) -> None:
    """Prints the reference's results and ours as Markdown."""
    with _extra():
        from tune_mc1.reporting.frames import read_frames
        from tune_mc1.reporting.pages.stat_tables import markdown
        from tune_mc1.reporting.statistics.reference_table import reference_table

    rows = [row for directory in directories for row in reference_table(read_frames(directory))]
    print("\n".join(markdown(rows, lang)))
