"""The `predict` command."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    from tune_mc1.api.opening import open_sweep
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
    for part in parts:
        _print(part)


def _lines(part: "Predictions") -> list[list[str]]:
    rows = zip(part.paths or (), part.labels, part.confidence, part.probabilities, strict=True)
    return [
        [str(path), label, f"{confidence:.6g}", *(f"{p:.6g}" for p in each)]
        for path, label, confidence, each in rows
    ]


def _print(part: "Predictions") -> None:
    """Lines of class, probability and path, which is never cut."""
    width = max(map(len, part.classes))
    for path, label, value in zip(part.paths or (), part.labels, part.confidence, strict=True):
        print(f"{label:{width}}  {value:.4f}  {path}")
