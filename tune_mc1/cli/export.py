"""The `export` commands."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from tune_mc1.cli.predict import TrialId

app = typer.Typer(help="Write a trained network to a file.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Write a trained network to a file."""


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
