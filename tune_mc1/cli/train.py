"""The `train` command."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from tune_mc1.cli.options import Data, Output, Overrides, local, print_notice
from tune_mc1.errors import InputError


def train(
    source: Annotated[
        Path | None,
        typer.Argument(help="A sweep file or a result directory, with --trial.", callback=local),
    ] = None,
    trial: Annotated[
        str | None, typer.Option("--trial", help="Id of the trial to run, such as t0007.")
    ] = None,
    overrides: Overrides = None,
    data: Data = None,
    limit_images: Annotated[
        float | None,
        typer.Option(min=0.0001, max=1, help="Fraction of the images to use, such as 0.1."),
    ] = None,
    wandb: Annotated[
        Literal["online", "offline", "disabled"] | None,
        typer.Option("--wandb", help="Mode of W&B. Default: disabled."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            help="Continue the trial in this result directory of train, from its last checkpoint.",
            callback=local,
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Run one trial without Ray, with a progress bar: for debugging.

    The trial of a sweep file or of an earlier sweep has the numbers that it has there.
    """
    from tune_mc1.planning.one_trial import plan_one, plan_resumed
    from tune_mc1.running.single_trial import train_one

    if resume is None:
        plan = plan_one(source, trial, overrides or (), data, limit_images)
    else:
        given = {"--trial": trial, "--set": overrides, "--limit-images": limit_images, "-o": output}
        others = [name for name, value in given.items() if value]
        if others or source is not None:
            wrong = others[0] if others else str(source)
            raise InputError(f"{wrong}: not with --resume, whose directory has the trial")
        plan = plan_resumed(resume, data)
    same = source is not None and source.is_dir() and data is None and limit_images is None
    like = source if same else None
    raise typer.Exit(train_one(plan, output, Console(), print_notice, wandb=wandb, like=like))
