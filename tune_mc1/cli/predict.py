"""The `predict` command."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tune_mc1.cli.options import AsJson, local, print_json
from tune_mc1.errors import InputError

if TYPE_CHECKING:
    from tune_mc1.inference.predictions import Predictions

TrialId = Annotated[str | None, typer.Option("--trial", help="Id of a trial. Default: the winner.")]
"""Option of commands on one trial."""


def predict(
    directory: Annotated[
        Path, typer.Argument(help="A result directory, or its URL in an object store.")
    ],
    images: Annotated[
        list[Path], typer.Argument(help="Image files, or folders of them.", callback=local)
    ],
    trial: TrialId = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, with the probability of every class.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Predict the classes of images with the network of a trial: class, probability, path."""
    from tune_mc1.api.sweep import open_sweep
    from tune_mc1.inference.image_classifier import BATCH
    from tune_mc1.inference.image_files import find_images
    from tune_mc1.inference.predict import predict_files

    if as_csv and as_json:
        raise InputError("--csv: not valid with --json")
    sweep = open_sweep(directory)
    chosen = sweep.best if trial is None else sweep[trial]
    paths = find_images(images)
    model = chosen.load_model()
    parts = predict_files(model, paths, BATCH)
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["path", "predicted", "confidence", *model.classes])
        for part in parts:
            writer.writerows(_lines(part))
        return
    if as_json:
        rows = [row for part in parts for row in part.to_frame().to_dict("records")]
        print_json({"trial": chosen.id, "classes": list(model.classes), "images": rows})
        return
    _print([*parts], chosen.id)


def _lines(part: "Predictions") -> list[list[str]]:
    rows = zip(part.paths or (), part.labels, part.confidence, part.probabilities, strict=True)
    return [
        [str(path), label, f"{confidence:.6g}", *(f"{p:.6g}" for p in each)]
        for path, label, confidence, each in rows
    ]


def _print(parts: "list[Predictions]", trial: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", title=f"Trial {trial}")
    table.title_justify = "left"
    for name in ("class", "probability", "path"):
        table.add_column(name, no_wrap=True, overflow="ignore")
    for part in parts:
        for path, label, value in zip(part.paths or (), part.labels, part.confidence, strict=True):
            table.add_row(label, f"{value:.4f}", str(path))
    console = Console()
    console.print(table, crop=False, overflow="ignore", markup=False)
