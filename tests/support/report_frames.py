"""Frames of made-up sweeps, put together from events as those of real ones."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig, core_fields
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.pairwise import Comparison, sweep_tests
from tune_mc1.reporting.statistics.scores import Value
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import start_events, trial_event
from tune_mc1.results.schema import history_schema, trial_schema
from tune_mc1.results.tables import SweepTables

Accuracy = Callable[[TrialConfig, int, int | None], float]
"""Validation accuracy of a trial after an epoch, from 1, on a fold."""


def made_up(
    name: str,
    settings: Sequence[Mapping[str, Any]],
    accuracy: Accuracy,
    *,
    seeds: int = 1,
    folds: int = 0,
    states: Mapping[str, str] | None = None,
    epochs_run: Mapping[str, int] | None = None,
    noise: float = 0.004,
    **sweep: Any,
) -> SweepFrames:
    """A sweep whose trials have the accuracies of a function, and some noise.

    Args:
        name: Of the sweep.
        settings: Parameters of each setting.
        accuracy: What trials reach.
        seeds: Trials of each setting.
        folds: Folds of each.
        states: State by trial, where it is not `completed`.
        epochs_run: Epochs by trial, where they are not all.
        noise: Standard deviation of what an epoch adds.
        sweep: Further keys of the sweep.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    tables = SweepTables()
    head: Any = {"event": "sweep", "metric": "val_acc", "maximize": True}
    tables.apply(head | {"data": "made-up", "fingerprint": "00ff"})
    configs = [
        (TrialConfig(**{"epochs": 3, **setting, "seed": seed}), fold)
        for setting in settings
        for seed in range(seeds)
        for fold in (range(folds) if folds else (None,))
    ]
    for i, (config, fold) in enumerate(configs, 1):
        trial = Trial(id=f"t{i:04d}", config=config, fold=fold)
        tables.apply(trial_event(trial))
        state = (states or {}).get(trial.id, "completed")
        if state == "pending":
            continue
        tables.apply_all({**event, "time": 0.0} for event in start_events([trial.id]))
        for epoch in range(1, (epochs_run or {}).get(trial.id, config.epochs) + 1):
            value = float(accuracy(config, epoch, fold) + noise * rng.normal())
            tables.apply(_epoch(trial.id, epoch, value))
        if state != "running":
            tables.apply({"event": "end", "trial": trial.id, "state": state, "time": 1.0})
    keys = {"name": name, "method": "grid", **sweep}
    if folds:
        keys["validation"] = {"folds": folds}
    return frames_of(tables, Sweep.model_validate(keys))


def _epoch(trial: str, epoch: int, value: float) -> Any:
    metrics = {m: 1 - value if m.endswith("loss") else value for m in epoch_metrics()}
    extra = {"learning_rate": 0.1, "steps": epoch, "seconds": 1.0, "images_per_second": 9.0}
    return {"event": "epoch", "trial": trial, "epoch": epoch, **metrics, **extra, "time": 1.0}


def frames_of(tables: SweepTables, sweep: Sweep) -> SweepFrames:
    """As `read_frames` makes them, without a directory."""
    trials = pd.DataFrame(tables.trials.values(), columns=trial_schema().names)
    history = pd.DataFrame(tables.history.values(), columns=history_schema().names)
    about = trials[["trial", "config_hash", "fold", *core_fields()]]
    history = history.drop(columns="learning_rate").merge(about, on="trial")
    where = ResultDir(Path("made-up"))
    return SweepFrames(where, sweep, tables.metadata, {}, trials, history)


def grid(**values: Sequence[Any]) -> list[dict[str, Any]]:
    """All combinations of values."""
    rows: list[dict[str, Any]] = [{}]
    for name, choices in values.items():
        rows = [{**row, name: choice} for row in rows for choice in choices]
    return rows


def comparison(
    frames: SweepFrames, parameter: str, a: Value, b: Value, column: str | None = None
) -> Comparison:
    """The comparison of two values among all of a sweep."""
    found = sweep_tests(frames, column).comparisons
    return next(c for c in found if (c.parameter, c.a, c.b) == (parameter, a, b))
