"""Command-line application: commands parse flags and print, and leave the work to other wings."""

import atexit
import gc
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tune_mc1 import __version__
from tune_mc1.cli import cluster as cluster_commands
from tune_mc1.cli import export as export_commands
from tune_mc1.cli import wandb as wandb_commands
from tune_mc1.cli.closed_output import drop_output_without_reader
from tune_mc1.cli.exit_status import run
from tune_mc1.cli.fetch import fetch
from tune_mc1.cli.options import AsJson, RankBy, local, print_json, print_notice
from tune_mc1.cli.predict import predict
from tune_mc1.cli.report import report
from tune_mc1.cli.steer import COMMANDS as STEERING
from tune_mc1.cli.study import study
from tune_mc1.cli.sweep import method_argument, sweep
from tune_mc1.cli.sweep_options import with_flags
from tune_mc1.cli.train import train
from tune_mc1.cli.watch import watch


def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Options of the program itself."""
    if version:
        print(__version__)
        raise typer.Exit


def list_sweeps(
    parent: Annotated[
        Path, typer.Argument(help="Directory that contains results.", callback=local)
    ] = Path("results"),
    as_json: AsJson = False,
) -> None:
    """List past sweeps, newest first."""
    from tune_mc1.terminal.printing import print_sweeps, sweep_summaries

    rows = sweep_summaries(parent, print_notice)
    print_json({"sweeps": rows}) if as_json else print_sweeps(rows, parent, Console())


def show(
    directory: Annotated[Path, typer.Argument(help="A result directory.", callback=local)],
    trials: Annotated[
        list[str] | None, typer.Argument(help="Trials to show in detail, such as t0003.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="Maximum number of trials to show.")
    ] = 20,
    rank: RankBy = "ended",
    as_json: AsJson = False,
) -> None:
    """Show a sweep's trials, best first, or some of them in detail."""
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.terminal.printing import print_result, result_facts
    from tune_mc1.terminal.trial_details import check_trials, print_trials

    where = ResultDir(directory)
    tables = where.read()
    tables.rank = rank
    if as_json:
        facts = result_facts(where, tables)
        if trials:
            check_trials(where, tables, trials)
            facts["trials"] = [row for row in facts["trials"] if row["trial"] in trials]
        print_json(facts)
    elif trials:
        print_trials(where, tables, trials, Console(), print_notice)
    else:
        print_result(where, tables, Console(), limit, past=True)


def commands() -> typer.Typer:
    """Builds the application, including the flags and methods of plugins.

    Raises:
        InputError: If a plugin cannot be used.
    """
    app = typer.Typer(
        help="Hyperparameter sweeps for image classifiers on Ray, from W&B sweep files.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(root)
    for name, command, example in (
        (
            "sweep",
            with_flags(sweep, method=method_argument()),
            "grid --set learning_rate=0.01,0.03 -o results",
        ),
        ("train", train, "results/grid-20261124-101500 --trial t0007"),
        ("list", list_sweeps, "results --json"),
        ("show", show, "results/grid-20261124-101500"),
        ("study", with_flags(study), "layers_and_units --scale 0.1"),
        ("predict", predict, "results/grid-20261124-101500 photo.jpg folder --csv"),
        *STEERING,
        ("watch", watch, "results"),
        ("report", report, "results/grid-20261124-101500"),
        ("fetch", fetch, "s3://bucket/sweeps/grid-20261124-101500"),
    ):
        app.command(name, epilog=f"Example: [bold]tune_mc1 {name} {example}[/]")(command)
    app.add_typer(export_commands.app, name="export")
    app.add_typer(wandb_commands.app, name="wandb")
    app.add_typer(cluster_commands.app, name="cluster")
    return app


def main() -> None:
    """Entry point; `tune_mc1.cli.exit_status` turns errors into messages and an exit status."""
    if not gc.get_freeze_count():  # a second call would keep garbage for ever
        gc.freeze()  # what is imported stays
    gc.set_threshold(20_000, 20)  # the tables of a sweep have many objects, and hardly any cycle
    atexit.register(_end_soon)
    drop_output_without_reader()
    sys.exit(run(commands))


def _end_soon() -> None:
    """Spares the search of all objects for cycles before the interpreter ends, up to a second.

    Triton from version 3.9 on names all its objects on standard error if their cycles are left.
    """
    if "triton" not in sys.modules:
        gc.freeze()
