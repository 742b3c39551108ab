"""The winner: its trials are scored on the test images, once, when all else is decided."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import ray

from tune_mc1.events import trial_of
from tune_mc1.resources import TrialResources
from tune_mc1.result_dir import ResultWriter, replacing
from tune_mc1.results import ENDED
from tune_mc1.settings import winners
from tune_mc1.tuning import SweepRun
from tune_mc1.worker import Job, score_winner

PREDICTIONS_SCHEMA = pa.schema(
    [
        ("trial", pa.string()),
        ("image", pa.int32()),  # position in the test images
        ("label", pa.int16()),
        ("predicted", pa.int16()),
        ("confidence", pa.float32()),  # probability of the predicted class
    ]
)
"""Columns of `predictions.parquet`: a row per trial of the winning setting and test image."""


def score_winners(
    run: SweepRun,
    job: Job,
    images: Any,
    resources: TrialResources,
    writer: ResultWriter,
    notify: Callable[[str], None],
) -> None:
    """Scores the trials of the best setting on the test images, and keeps their predictions.

    The best setting is that of the best mean over its replicates and folds. A sweep that was
    interrupted has no winner. Where the test images chose the winner, nothing is scored anew.

    Args:
        run: The sweep.
        job: What its trials share.
        images: The images in Ray's object store.
        resources: What a trial gets.
        writer: Takes the scores.
        notify: Called if a trial could not be scored.
    """
    tables = writer.tables
    if any(row["state"] not in ENDED for row in tables.trials.values()):
        return
    score = ray.remote(score_winner).options(num_cpus=resources.cpu, num_gpus=resources.gpu)
    trials = [trial_of(row) for row in winners(tables)]
    pending = {trial.id: score.remote(trial.model_dump(), job, images) for trial in trials}
    parts = []
    for trial, result in pending.items():
        try:
            values, predictions = ray.get(result)
        except ray.exceptions.RayError as error:
            reason = getattr(error, "cause", None) or error
            notify(f"The winner {trial} could not be scored on the test images: {reason}")
            continue
        parts.append(_rows(trial, predictions))
        if run.sweep.validation != "test":
            writer.write({"event": "test", "trial": trial, **values})
    if parts:
        with replacing(writer.where.predictions) as aside:
            pq.write_table(pa.concat_tables(parts), aside, compression="zstd")


def _rows(trial: str, predictions: dict[str, Any]) -> pa.Table:
    count = len(predictions["label"])
    columns = {"trial": [trial] * count, "image": np.arange(count), **predictions}
    return pa.table({f.name: pa.array(columns[f.name]).cast(f.type) for f in PREDICTIONS_SCHEMA})
