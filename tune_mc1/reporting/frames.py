"""Data frames of a result directory, which a report is made of."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.config.load import load_sweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import trial_fields
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import FORMAT
from tune_mc1.results.schema import ENDED, history_schema, trial_schema


@dataclass(frozen=True)
class SweepFrames:
    """One sweep.

    Attributes:
        where: Its directory.
        sweep: The resolved sweep, with `reference` where it is a study.
        facts: Facts on its images and split, as recorded when it started.
        provenance: Command, commit, versions and hardware.
        trials: One row per trial: the columns of `trials.parquet`
            (`tune_mc1.results.schema.trial_schema`).
        history: One row per trial and epoch: the columns of `history.parquet`, and of the trial
            `config_hash`, `fold` and every parameter.
    """

    where: ResultDir
    sweep: Sweep
    facts: dict[str, Any]
    provenance: dict[str, Any]
    trials: pd.DataFrame
    history: pd.DataFrame

    @property
    def name(self) -> str:
        """The sweep's name, such as `regularisation`."""
        return self.sweep.name or self.where.root.name

    @property
    def metric(self) -> str:
        """The sweep's metric, such as `val_acc`."""
        return self.sweep.metric.name

    @property
    def finished(self) -> bool:
        """Whether every trial has ended."""
        return bool(self.trials["state"].isin(list(ENDED)).all())

    @property
    def varied(self) -> list[str]:
        """The parameters of a setting in which trials differ: neither seed nor device."""
        names = [n for n in trial_fields() if n not in ("seed", "device")]
        return [n for n in names if self.trials[n].nunique(dropna=False) > 1]


def read_frames(directory: Path) -> SweepFrames:
    """Reads a result directory, also of a sweep that is running or was interrupted.

    Raises:
        InputError: If it is not a result directory, or cannot be read.
    """
    where = ResultDir(directory)
    trials, history, facts = _whole(where) or _merged(where)
    # A row of the history has the rate of its epoch; a setting's is that of its trial.
    history = history.drop(columns="learning_rate").merge(
        trials[["trial", "config_hash", "fold", *trial_fields()]], on="trial"
    )
    provenance = json.loads(where.provenance.read_text()) if where.provenance.exists() else {}
    sweep = load_sweep(where.sweep_file).sweep
    return SweepFrames(where, sweep, facts, provenance, trials, history)


Parts = tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]


def _whole(where: ResultDir) -> Parts | None:
    """The parquet files alone, ten times as fast, if the journal has nothing newer."""
    try:
        trials, history = pq.read_table(where.trials), pq.read_table(where.history)
        footers = [json.loads(t.schema.metadata[b"tune_mc1"]) for t in (trials, history)]
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        return None
    size = where.journal.stat().st_size if where.journal.exists() else footers[0]["offset"]
    if any((f["format"], f["offset"]) != (FORMAT, size) for f in footers):
        return None
    schemas = (trial_schema().names, history_schema().names)
    if (trials.column_names, history.column_names) != schemas:
        return None
    return trials.to_pandas(), history.to_pandas(), footers[0]["facts"]


def _merged(where: ResultDir) -> Parts:
    tables = where.read()
    trials = pd.DataFrame(tables.trials.values(), columns=trial_schema().names)
    history = pd.DataFrame(tables.history.values(), columns=history_schema().names)
    return trials, history, tables.metadata


def plain(value: Any) -> Any:
    """A cell of a table as a plain Python value; a missing one is None."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    item = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(item, float) and np.isnan(item) else item
