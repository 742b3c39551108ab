"""The `study` command: studies of the reference."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tune_mc1.cli.cluster import outline_of
from tune_mc1.cli.options import (
    Address,
    AllowHttp,
    AsJson,
    CaCert,
    DryRun,
    MaxConcurrent,
    OnCluster,
    Output,
    Wandb,
    print_json,
    print_notice,
)
from tune_mc1.cluster.address import check_link, is_job_server
from tune_mc1.cluster.jobs.job_command import JobCommand
from tune_mc1.errors import InputError
from tune_mc1.interruption import INTERRUPTED
from tune_mc1.planning.flags import NO_FLAGS, PlanFlags
from tune_mc1.tracking.tracker import check_trackers

if TYPE_CHECKING:
    from tune_mc1.planning.plan import Plan

Scale = Annotated[
    float,
    typer.Option("--scale", help="Fraction of the work: fewer images, epochs and samples."),
]
AsPublished = Annotated[
    bool,
    typer.Option(
        "--as-published", help="As in the reference: validate on test images, never shuffle."
    ),
]


def study(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a study, or list, or all.")],
    scale: Scale = 1.0,
    as_published: AsPublished = False,
    flags: PlanFlags = NO_FLAGS,
    output: Output = None,
    max_concurrent: MaxConcurrent = None,
    address: Address = None,
    cacert: CaCert = None,
    allow_http: AllowHttp = False,
    wandb: Wandb = None,
    dry_run: DryRun = False,
    cluster: OnCluster = None,
    as_json: AsJson = False,
) -> None:
    """Run one or all of the reference's studies; `list` shows them."""
    from tune_mc1.planning.studies import STUDIES, study_rows
    from tune_mc1.terminal.outline import print_studies

    if name == "list":
        rows = study_rows()
        print_json({"studies": rows}) if as_json else print_studies(rows, Console())
        return
    if cluster is not None and not dry_run:
        raise InputError("--cluster: only valid with --dry-run; --address names a running cluster")
    check_link(address, cacert, allow_http=allow_http)
    command = JobCommand.of(context) if is_job_server(address) else None
    names = STUDIES if name == "all" else (name,)
    elsewhere = command is not None
    plans = [_plan(each, scale, as_published, flags, elsewhere=elsewhere) for each in names]
    for plan in plans:
        check_trackers(plan.sweep.tracker, {"wandb": wandb})
    if dry_run:
        _print_outlines(plans, cluster, None if command else address, as_json)
        return
    if command is not None:
        from tune_mc1.cluster.jobs.submit import submit

        raise typer.Exit(submit(command, plans, print_notice))
    from tune_mc1.running.start import run_plan

    outcomes = []
    for plan in plans:
        for notice in plan.notices:
            print_notice(notice)
        outcomes.append(
            run_plan(
                plan,
                output=output,
                address=address,
                max_concurrent=max_concurrent,
                tracker_options={"wandb": wandb},
                console=Console(),
                notify=print_notice,
            )
        )
        if outcomes[-1] == INTERRUPTED:
            break
    raise typer.Exit(max(outcomes))


def _plan(
    name: str, scale: float, as_published: bool, flags: PlanFlags, *, elsewhere: bool
) -> "Plan":
    from tune_mc1.config.sweep import Sweep
    from tune_mc1.planning import studies
    from tune_mc1.planning.plan import prepare

    file = studies.study_file(name)

    def change(sweep: Sweep) -> Sweep:
        scaled = studies.scaled(sweep, scale, flags.names)
        return studies.as_published(scaled) if as_published else scaled

    return prepare(None, file, flags, change=change, elsewhere=elsewhere)


def _print_outlines(
    plans: "list[Plan]", cluster: Path | None, address: str | None, as_json: bool
) -> None:
    from tune_mc1.terminal.outline import print_outline

    facts = [outline_of(plan, cluster, address) for plan in plans]
    if as_json:
        print_json(facts[0] if len(facts) == 1 else {"studies": facts})
        return
    for plan, each in zip(plans, facts, strict=True):
        for notice in plan.notices:
            print_notice(notice)
        Console().print(f"[bold]{plan.sweep.name}[/]")
        print_outline(plan, each, Console())
