"""Winner of a sweep: its trials are scored on the test images, once, at the very end."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import ray

from tune_mc1.planning.resources import TrialResources
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event, score_event
from tune_mc1.results.growth_events import ENDING
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.results.settings import winners
from tune_mc1.results.tables import SweepTables, trial_of
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.nothing_left import is_scored, unscorable_line
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.running.winner_worker import score_winner
from tune_mc1.running.worker import SweepContext

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


@dataclass(frozen=True)
class Scored:
    """Test scores and predictions of the winner.

    Attributes:
        events: The scores, for the journal.
        predictions: Rows of `predictions.parquet`; None without a winner, or without a new one.
    """

    events: Sequence[Event] = ()
    predictions: pa.Table | None = None

    def write(self, writer: ResultWriter) -> None:
        """Writes both.

        Raises:
            SweepStopped: If the storage fails.
        """
        writer.write(*self.events)
        if self.predictions is not None:
            writer.write_file(writer.where.predictions, self.predictions)


def score_winners(
    run: SweepRun,
    context: SweepContext,
    images: Any,
    resources: TrialResources,
    tables: SweepTables,
    removed: Collection[str],
    notify: Callable[[str], None],
) -> Scored:
    """Scores the trials of the best setting on the test images.

    The best setting has the best mean over its replicates and folds. An interrupted sweep has no
    winner, but one that ended at its target or with its budget has. If the winner was selected on
    the test images, its scores are known already.

    Args:
        run: The sweep.
        context: Settings that its trials share.
        images: Reference to the images in Ray's object store.
        resources: Resources of a trial.
        tables: The results.
        removed: Ids of trials whose checkpoints were removed.
        notify: Called if a trial could not be scored.
    """
    whole = all(row["state"] in ENDED for row in tables.trials.values())
    if not whole and ENDING not in tables.metadata:
        return Scored()
    if line := unscorable_line(run.sweep, tables, removed):
        notify(line)
    if is_scored(run.sweep, tables, run.where, removed):
        return Scored()  # a resumed sweep that was complete, or nothing can be scored
    on_test = run.sweep.validation == "test"
    known, best = _known(tables, removed)
    score: Any = ray.remote(score_winner)
    pending: dict[str, Any] = {}
    # On our own Ray, the spare process takes a single winner: it sees the GPUs, which are all free.
    gpu = 0 if run.address is None and len(best) == 1 else resources.gpu
    for trial in (trial_of(row, tables.columns) for row in best):
        task = score.options(num_cpus=resources.cpu, num_gpus=gpu)
        pending[trial.id] = task.remote(trial.model_dump(), context, images)
    events: list[Event] = [score_event(name, scores) for name, scores in known.items()]
    parts = [_predictions_of(known, run.where)]
    for name, result in pending.items():
        try:
            values, predictions = ray.get(result)
        except ray.exceptions.RayError as error:
            reason = getattr(error, "cause", None) or error
            notify(f"The winner {name} could not be scored on the test images: {reason}")
            continue
        parts.append(_rows(name, predictions))
        if not on_test:
            events.append(score_event(name, values))
    found = pa.concat_tables(parts)
    return Scored(events, found if len(found) else None)


def _known(
    tables: SweepTables, removed: Collection[str]
) -> tuple[Mapping[str, Mapping[str, float]], Sequence[Row]]:
    """Scores of winners whose checkpoints an earlier run has removed, and those to be scored.

    The former cannot have trained since, so what was measured then holds.
    """
    rows = winners(tables)
    known = {
        row["trial"]: {name: row[name] for name in tables.columns.tests}
        for row in rows
        if row["trial"] in removed and row["test_acc"] is not None
    }
    return known, [row for row in rows if row["trial"] not in removed]


def _predictions_of(trials: Collection[str], where: ResultDir) -> pa.Table:
    """Rows of `predictions.parquet` of some trials."""
    if not trials or not where.predictions.exists():
        return PREDICTIONS_SCHEMA.empty_table()
    return pq.read_table(where.predictions, filters=[("trial", "in", list(trials))])


def _rows(trial: str, predictions: dict[str, Any]) -> pa.Table:
    count = len(predictions["label"])
    columns = {"trial": [trial] * count, "image": np.arange(count), **predictions}
    return pa.table({f.name: pa.array(columns[f.name]).cast(f.type) for f in PREDICTIONS_SCHEMA})
