"""The commands. They read flags and print; the work is elsewhere."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from tune_mc1 import __version__
from tune_mc1.cli import cluster as cluster_commands
from tune_mc1.cli import wandb as wandb_commands
from tune_mc1.cli.cluster import show_outline
from tune_mc1.cli.exit_status import run
from tune_mc1.cli.fetch import fetch
from tune_mc1.cli.options import (
    Address,
    AsJson,
    Data,
    DryRun,
    Fuse,
    LimitImages,
    MaxConcurrent,
    OnCluster,
    Output,
    Overrides,
    Replicates,
    RunCap,
    Wandb,
    local,
    print_json,
    say,
)
from tune_mc1.cli.report import report
from tune_mc1.cli.study import study
from tune_mc1.cluster.address import is_job_server
from tune_mc1.cluster.jobs.command import JobCommand
from tune_mc1.errors import InputError

if TYPE_CHECKING:
    from tune_mc1.planning.plan import Plan

app = typer.Typer(
    help="Hyperparameter sweeps for image classifiers on Ray, from W&B sweep files.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(wandb_commands.app, name="wandb")
app.add_typer(cluster_commands.app, name="cluster")

Method = Literal["grid", "random", "asha", "bayes"]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Options of the program itself."""
    if version:
        print(__version__)
        raise typer.Exit


@app.command(
    epilog="Example: [bold]tune_mc1 sweep grid --set learning_rate=0.01,0.03 -o results[/]"
)
def sweep(
    context: typer.Context,
    method: Annotated[Method, typer.Argument(help="How settings are chosen.")],
    file: Annotated[
        Path | None, typer.Argument(help="A W&B sweep file. Default: configs/METHOD.yaml")
    ] = None,
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
    resume: Annotated[
        Path | None,
        typer.Option("--resume", help="Go on with the sweep of this result directory, or URL."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", min=1, help="With --resume: epochs of every trial, more or equal."
        ),
    ] = None,
    dry_run: DryRun = False,
    cluster: OnCluster = None,
    as_json: AsJson = False,
) -> None:
    """Run a grid, random, ASHA or Bayesian search.

    ASHA (Ray: ASHAScheduler) stops bad trials early at rungs: early_terminate {min_iter (Ray:
    grace_period), eta (Ray: reduction_factor), brackets}.
    """
    if epochs is not None and resume is None:
        raise InputError("--epochs: goes with --resume only; a new sweep takes --set epochs=N")
    if cluster is not None and not dry_run:
        raise InputError("--cluster: goes with --dry-run only; --address names one that runs")
    job = JobCommand.of(context) if is_job_server(address) else None
    plan = _plan(
        (method, file, resume, epochs),
        elsewhere=job is not None,
        overrides=overrides or (),
        run_cap=run_cap,
        data=data,
        fuse=fuse,
        replicates=replicates,
        limit_images=limit_images,
    )
    if job is not None and not dry_run:
        from tune_mc1.cluster.jobs.submit import submit

        raise typer.Exit(submit(job, [plan] if plan else [], say))
    if plan is None or (job is not None and resume is not None):
        raise InputError("--dry-run: cannot read the directory of --resume, as the cluster has it")
    for notice in plan.notices:
        say(notice)
    if dry_run:
        show_outline(plan, cluster, None if job else address, as_json)
        return
    from tune_mc1.running.start import run_plan

    outcome = run_plan(
        plan,
        output=output,
        address=address,
        max_concurrent=max_concurrent,
        wandb=wandb,
        console=Console(),
        notify=say,
    )
    raise typer.Exit(outcome)


def _plan(
    words: "tuple[Method, Path | None, Path | None, int | None]", *, elsewhere: bool, **flags: Any
) -> "Plan | None":
    """The plan; None if only the cluster has the directory that it stands in."""
    method, file, resume, epochs = words
    if resume is not None and not elsewhere:
        from tune_mc1.planning.resume import prepare_resume

        return prepare_resume(method, file, resume, epochs=epochs, **flags)
    if resume is not None and file is None:
        return None
    from tune_mc1.planning.plan import prepare

    return prepare(method, file, elsewhere=elsewhere, **flags)


@app.command(epilog="Example: [bold]tune_mc1 train --set learning_rate=0.03 --set epochs=2[/]")
def train(
    overrides: Overrides = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Run one trial without Ray, with a progress bar: for debugging."""
    from tune_mc1.running.single_trial import train_one

    raise typer.Exit(
        train_one(overrides or (), "auto" if data is None else data, output, Console(), say)
    )


@app.command("list", epilog="Example: [bold]tune_mc1 list results --json[/]")
def list_sweeps(
    parent: Annotated[Path, typer.Argument(help="Where results are.", callback=local)] = Path(
        "results"
    ),
    as_json: AsJson = False,
) -> None:
    """List past sweeps, newest first."""
    from tune_mc1.terminal.printing import print_sweeps, sweep_summaries

    rows = sweep_summaries(parent, say)
    print_json({"sweeps": rows}) if as_json else print_sweeps(rows, parent, Console())


@app.command(epilog="Example: [bold]tune_mc1 show results/grid-20261124-101500[/]")
def show(
    directory: Annotated[Path, typer.Argument(help="A result directory.", callback=local)],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most trials shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show a sweep's trials, best first."""
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.terminal.printing import print_result, result_facts

    where = ResultDir(directory)
    tables = where.read()
    print_json(result_facts(tables)) if as_json else print_result(where, tables, Console(), limit)


app.command(epilog="Example: [bold]tune_mc1 study layers_and_units --scale 0.1[/]")(study)
app.command(epilog="Example: [bold]tune_mc1 report results/grid-20261124-101500[/]")(report)
app.command(epilog="Example: [bold]tune_mc1 fetch s3://bucket/sweeps/grid-20261124-101500[/]")(
    fetch
)


def main() -> None:
    """Entry point; `tune_mc1.cli.exit_status` turns errors into one line each and a status."""
    sys.exit(run(app))
