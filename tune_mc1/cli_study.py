"""The commands around the reference: its studies, and reports on any sweeps."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from tune_mc1.cli_options import (
    Address,
    AsJson,
    Data,
    DryRun,
    Fuse,
    LimitImages,
    MaxConcurrent,
    Output,
    Overrides,
    Replicates,
    RunCap,
    Wandb,
    local,
    print_json,
    say,
)
from tune_mc1.errors import InputError
from tune_mc1.jobs.command import JobCommand
from tune_mc1.ray_address import is_job_server


def study(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A study's name, list, or all.")],
    scale: Annotated[
        float,
        typer.Option("--scale", help="Part of the work: fewer images, epochs and samples."),
    ] = 1.0,
    as_published: Annotated[
        bool,
        typer.Option("--as-published", help="Validate on test images, never shuffle: its own way."),
    ] = False,
    overrides: Overrides = None,
    data: Data = None,
    run_cap: RunCap = None,
    replicates: Replicates = None,
    limit_images: LimitImages = None,
    output: Output = None,
    max_concurrent: MaxConcurrent = None,
    fuse: Fuse = None,
    address: Address = None,
    wandb: Wandb = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Run a study of the reference by name, or all of them; `list` shows them."""
    from tune_mc1.show import print_studies
    from tune_mc1.study import STUDIES, study_rows

    if name == "list":
        rows = study_rows()
        print_json({"studies": rows}) if as_json else print_studies(rows, Console())
        return
    flags: dict[str, Any] = {
        "overrides": overrides or (),
        "data": data,
        "run_cap": run_cap,
        "fuse": fuse,
        "replicates": replicates,
        "limit_images": limit_images,
    }
    command = JobCommand.of(context) if is_job_server(address) else None
    flags["elsewhere"] = command is not None
    names = STUDIES if name == "all" else (name,)
    plans = [_plan(each, scale, as_published, flags) for each in names]
    if dry_run:
        _print_outlines(plans, as_json)
        return
    if command is not None:
        from tune_mc1.jobs.submit import submit

        raise typer.Exit(submit(command, plans, say))
    from tune_mc1.run import run_plan

    outcomes = []
    for plan in plans:
        for notice in plan.notices:
            say(notice)
        outcomes.append(
            run_plan(
                plan,
                output=output,
                address=address,
                max_concurrent=max_concurrent,
                wandb=wandb,
                console=Console(),
                notify=say,
            )
        )
        if outcomes[-1] == 130:
            break
    raise typer.Exit(max(outcomes))


def report(
    directories: Annotated[list[Path], typer.Argument(help="Result directories.", callback=local)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where. Default: DIR/report, or report/ for several."),
    ] = None,
    lang: Annotated[Literal["en", "de"], typer.Option("--lang", help="Language.")] = "en",
    examples: Annotated[bool, typer.Option(help="Show images that the winner got wrong.")] = True,
    tables: Annotated[
        bool,
        typer.Option("--tables", help="Also copy the result tables, without host names and paths."),
    ] = False,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="Only print the table of the reference and ours."),
    ] = False,
) -> None:
    """Write a report on one or several sweeps: report.html, slides.md (Marp) and figures."""
    try:
        from tune_mc1.report.build import write_report
        from tune_mc1.report.frames import read_frames
        from tune_mc1.report.reference_table import reference_table
        from tune_mc1.report.stat_tables import markdown as lines
    except ModuleNotFoundError as error:
        raise InputError(
            f"report: needs the extra report (no module {error.name}): pip install '.[report]'"
        ) from None
    if markdown:
        rows = [row for d in directories for row in reference_table(read_frames(d))]
        print("\n".join(lines(rows, lang)))
        return
    page = write_report(directories, output, lang, examples=examples, tables=tables, notify=say)
    Console().print(f"Report: {page}", highlight=False, soft_wrap=True)


def _plan(name: str, scale: float, as_published: bool, flags: dict[str, Any]) -> Any:
    from tune_mc1 import study
    from tune_mc1.config.sweep import Sweep
    from tune_mc1.prepare import prepare

    file = study.study_file(name)
    keep = {item.partition("=")[0].strip() for item in flags["overrides"]}
    keep |= {key for key in ("run_cap", "limit_images") if flags[key] is not None}

    def change(sweep: Sweep) -> Sweep:
        scaled = study.scaled(sweep, scale, keep)
        return study.as_published(scaled) if as_published else scaled

    return prepare(None, file, change=change, **flags)


def _print_outlines(plans: list[Any], as_json: bool) -> None:
    from tune_mc1.outline import outline
    from tune_mc1.show import print_outline

    facts = [outline(plan) for plan in plans]
    if as_json:
        print_json(facts[0] if len(facts) == 1 else {"studies": facts})
        return
    for plan, each in zip(plans, facts, strict=True):
        for notice in plan.notices:
            say(notice)
        Console().print(f"[bold]{plan.sweep.name}[/]")
        print_outline(plan, each, Console())
