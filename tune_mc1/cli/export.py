"""The `export` commands."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from tune_mc1.cli.predict import TrialId

app = typer.Typer(
    help="Write a trained network to a file, or results for other tools.", no_args_is_help=True
)


@app.callback()
def root() -> None:
    """Write a trained network to a file, or results for other tools."""


@app.command(
    epilog="Example: [bold]tune_mc1 export model results/grid-20261124-101500 --to onnx[/]"
)
def model(
    directory: Annotated[
        Path, typer.Argument(help="A result directory, or its URL in an object store.")
    ],
    to: Annotated[
        Literal["onnx", "safetensors", "torchscript", "torch.export"],
        typer.Option("--to", help="Form of the file; safetensors has the weights alone."),
    ],
    trial: TrialId = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file. Default: DIR/export/TRIAL.SUFFIX"),
    ] = None,
) -> None:
    """Export the network of a trial, checked against its checkpoint, with a model card."""
    from tune_mc1.api.opening import open_sweep

    sweep = open_sweep(directory)
    chosen = sweep.best if trial is None else sweep[trial]
    made = chosen.export(to, output)
    console = Console()
    for line in (
        f"Model: {made.path} ({chosen.id}; probabilities within {made.difference:.1e} of the "
        f"checkpoint's on {made.checked})",
        f"Card: {made.card}",
    ):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command(
    epilog="Example: [bold]tune_mc1 export results results/grid-20261124-101500 --to optuna[/]"
)
def results(
    directory: Annotated[
        Path, typer.Argument(help="A result directory, or its URL in an object store.")
    ],
    to: Annotated[
        Literal["optuna", "tensorboard", "mlflow", "csv"],
        typer.Option("--to", help="The tool that is to open them."),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="File (optuna, mlflow) or folder, or a tracking URI. Default: in DIR/export/",
        ),
    ] = None,
) -> None:
    """Write all trials with their metrics for Optuna, TensorBoard, MLflow or as CSV files."""
    from tune_mc1.api.opening import open_sweep
    from tune_mc1.exports.results import export_results
    from tune_mc1.results.directory import ResultDir

    made = export_results(ResultDir(open_sweep(directory).directory), to, output)
    lines = [f"Results: {made.output} ({made.trials} trials)"]
    if made.opened is not None:
        lines.append(f"Open: {made.opened}")
    for line in lines:
        Console().print(line, highlight=False, markup=False, soft_wrap=True)
