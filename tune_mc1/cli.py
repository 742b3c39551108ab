"""The commands. They read flags and print; the work is elsewhere."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from tune_mc1 import __version__, cli_wandb
from tune_mc1.cli_errors import run
from tune_mc1.secrets import redact

app = typer.Typer(
    help="Hyperparameter sweeps for image classifiers on Ray, from W&B sweep files.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(cli_wandb.app, name="wandb")
err = Console(stderr=True)

Method = Literal["grid", "random", "asha", "bayes"]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE[,VALUE...]", help="Replace a parameter of the file."),
]
Data = Annotated[
    str | None,
    typer.Option("--data", "-d", help="cifar10, shapes10, auto, or a directory or parquet file."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where results go. Default: results/")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Wandb = Annotated[
    Literal["online", "offline", "disabled"] | None,
    typer.Option("--wandb", help="Default: online with an API key, else offline."),
]


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
    method: Annotated[Method, typer.Argument(help="How settings are chosen.")],
    file: Annotated[
        Path | None, typer.Argument(help="A W&B sweep file. Default: configs/METHOD.yaml")
    ] = None,
    overrides: Overrides = None,
    data: Data = None,
    run_cap: Annotated[
        int | None, typer.Option("--run-cap", "-n", min=1, help="Number of settings to try.")
    ] = None,
    output: Output = None,
    max_concurrent: Annotated[
        int | None, typer.Option("--max-concurrent", min=1, help="Most trials at once.")
    ] = None,
    fuse: Annotated[
        str | None,
        typer.Option("--fuse", help="Trials trained as one model: auto, off, or at most so many."),
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="A running Ray cluster, such as auto.")
    ] = None,
    wandb: Wandb = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run; start nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a grid, random, ASHA or Bayesian search.

    ASHA (Ray: ASHAScheduler) stops bad trials early at rungs: early_terminate {min_iter (Ray:
    grace_period), eta (Ray: reduction_factor), brackets}.
    """
    from tune_mc1.prepare import outline, prepare

    plan = prepare(method, file, overrides=overrides or (), run_cap=run_cap, data=data, fuse=fuse)
    for notice in plan.notices:
        say(notice)
    if dry_run:
        from tune_mc1.show import print_outline

        facts = outline(plan)
        print_json(facts) if as_json else print_outline(plan, facts, Console())
        return
    from tune_mc1.run import run_plan

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


@app.command(epilog="Example: [bold]tune_mc1 train --set learning_rate=0.03 --set epochs=2[/]")
def train(
    overrides: Overrides = None,
    data: Data = None,
    output: Output = None,
) -> None:
    """Run one trial without Ray, with a progress bar: for debugging."""
    from tune_mc1.train import train_one

    raise typer.Exit(
        train_one(overrides or (), "auto" if data is None else data, output, Console(), say)
    )


@app.command("list", epilog="Example: [bold]tune_mc1 list results --json[/]")
def list_sweeps(
    parent: Annotated[Path, typer.Argument(help="Where results are.")] = Path("results"),
    as_json: AsJson = False,
) -> None:
    """List past sweeps, newest first."""
    from tune_mc1.show import print_sweeps, sweep_summaries

    rows = sweep_summaries(parent, say)
    print_json({"sweeps": rows}) if as_json else print_sweeps(rows, parent, Console())


@app.command(epilog="Example: [bold]tune_mc1 show results/grid-20261124-101500[/]")
def show(
    directory: Annotated[Path, typer.Argument(help="A result directory.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most trials shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show a sweep's trials, best first."""
    from tune_mc1.result_dir import ResultDir
    from tune_mc1.show import print_result, result_facts

    where = ResultDir(directory)
    tables = where.read()
    print_json(result_facts(tables)) if as_json else print_result(where, tables, Console(), limit)


def say(notice: str) -> None:
    """Prints a notice that cannot be missed, apart from the output that programs read."""
    line = Text.assemble(("Note:", "bold yellow"), f" {redact(notice)}")
    err.print(line, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Prints plain data as JSON."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    print()


def main() -> None:
    """Entry point: turns errors into one line each and an exit status (`tune_mc1.cli_errors`)."""
    sys.exit(run(app))
