"""Data frames of a result directory, which a report is made of."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tune_mc1.config.parameters import Parameter
from tune_mc1.config.program_sweep import SEED, ProgramSweep
from tune_mc1.config.space import source_of
from tune_mc1.config.sweep import Sweep
from tune_mc1.reporting.permitted import permitted
from tune_mc1.reporting.program_columns import cells, readable, renamed
from tune_mc1.results.columns import TRAINING_COLUMNS
from tune_mc1.results.columns_of_programs import metric_column
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.exchanges import COPIED_FROM
from tune_mc1.results.frames import read_tables
from tune_mc1.results.ranking import Rank, is_broken
from tune_mc1.results.schema import ENDED
from tune_mc1.results.settings import Run, means_of_runs, rank_settings
from tune_mc1.results.written_sweep import written_sweep


def _of_training() -> Mapping[str, str]:
    return TRAINING_COLUMNS.own_names


@dataclass(frozen=True)
class SweepFrames:
    """One sweep.

    Attributes:
        where: Its directory.
        sweep: The resolved sweep, with `reference` where it is a study.
        facts: Facts on its images and split, or on its program, as recorded when it started.
        provenance: Command, commit, versions and hardware.
        trials: One row per trial: the columns of `trials.parquet`
            (`tune_mc1.results.columns.Columns.trial_schema`).
        history: One row per trial and epoch: the columns of `history.parquet`, and of the trial
            `config_hash`, `fold` and every parameter. Where a program logs a metric with the name
            of one of these, the column is the metric.
        parameters: Own name of each parameter by its column.
        rank: How settings and trials are ranked.
        as_run: The sweep as it ran, where `sweep` has another metric (`by_metric`).
        label: Its name in a report, which no other sweep of the report has; by default its name.
    """

    where: ResultDir
    sweep: Sweep
    facts: dict[str, Any]
    provenance: dict[str, Any]
    trials: pd.DataFrame
    history: pd.DataFrame
    parameters: Mapping[str, str] = field(default_factory=_of_training)
    rank: Rank = "ended"
    as_run: Sweep | None = None
    label: str = ""

    @property
    def of_program(self) -> bool:
        """Whether the trials are runs of a program."""
        return isinstance(self.sweep, ProgramSweep)

    @property
    def name(self) -> str:
        """The sweep's name, such as `regularisation`."""
        return self.sweep.name or self.where.root.name

    @property
    def own_sweep(self) -> Sweep:
        """The sweep with the metric that it optimised."""
        return self.as_run or self.sweep

    @property
    def title(self) -> str:
        """Its label, or its name without one."""
        return self.label or self.name

    @property
    def metric(self) -> str:
        """Column of the sweep's metric, such as `val_acc`; empty if it has none."""
        name = self.sweep.metric.name
        return metric_column(name) if self.of_program else name

    def own_name(self, column: str) -> str:
        """The name that the sweep file has for the parameter or metric of a column."""
        if self.of_program and column == self.metric:
            return self.sweep.metric.name
        return self.parameters.get(column, column)

    def declared(self, column: str) -> Parameter | None:
        """The values or the distribution of a parameter, as the sweep file has them."""
        name = self.parameters.get(column, column)
        parameters = self.sweep.parameters
        return source_of(name, parameters) if name in parameters else None

    def conditional(self, column: str) -> bool:
        """Whether some trials lack a parameter, which is then null."""
        name = self.parameters.get(column, column)
        return name in self.sweep.parameters and name in self.sweep.space.conditional

    def declared_values(self, column: str) -> list[Any]:
        """The values of a parameter that lists them, as in its column, in the file's order."""
        values = getattr(self.declared(column), "values", ())
        kinds = self.facts.get("parameters", {})
        return cells(values, kinds.get(self.own_name(column), ""))

    @property
    def finished(self) -> bool:
        """Whether every trial has ended."""
        return bool(self.trials["state"].isin(list(ENDED)).all())

    @property
    def setting_names(self) -> list[str]:
        """Columns of the parameters that make a setting: all but seed and, of ours, device."""
        apart = (SEED,) if self.of_program else (SEED, "device")
        return [column for column in self.parameters if column not in apart]

    @property
    def varied(self) -> list[str]:
        """The parameters of a setting in which trials differ."""
        return [n for n in self.setting_names if self.trials[n].nunique(dropna=False) > 1]

    @property
    def exchanged(self) -> bool:
        """True if a trial went on with weights and settings of another one."""
        return COPIED_FROM in self.trials and bool(self.trials[COPIED_FROM].notna().any())

    def decimals(self, fewest: int = 4) -> int:
        """Decimals of scores: four digits of a program's metric, which may have any size.

        Args:
            fewest: Those of an accuracy of ours.
        """
        if not self.of_program or not self.metric:
            return fewest
        scores = pd.to_numeric(self.trials[f"best_{self.metric}"], errors="coerce").astype(float)
        sizes = scores[np.isfinite(scores) & (scores != 0)].abs()
        return min(max(3 - math.floor(math.log10(sizes.median())), 0), 12) if len(sizes) else fewest


def read_frames(directory: Path, rank: Rank = "ended") -> SweepFrames:
    """Reads a result directory, also of a sweep that is running or was interrupted.

    Args:
        directory: The directory.
        rank: How settings and trials are ranked.

    Raises:
        InputError: If it is not a result directory, or cannot be read.
    """
    where = ResultDir(directory)
    trials, history, facts, columns = read_tables(where)
    names = columns.own_names
    if "parameters" in facts:
        trials, names = renamed(readable(trials, facts["parameters"], names), names)
    if "program" not in facts:
        # A row of the history has the rate of its epoch; a setting's is that of its trial.
        history = history.drop(columns="learning_rate")
    about = [n for n in ("config_hash", "fold", *names) if n not in history]
    history = history.merge(trials[["trial", *about]], on="trial")
    provenance = json.loads(where.provenance.read_text()) if where.provenance.exists() else {}
    sweep = written_sweep(where)
    if sweep.limits:  # a trial that violates a constraint has no score
        trials[_best_column(sweep)] = trials[_best_column(sweep)].where(permitted(trials, sweep))
    return SweepFrames(where, sweep, facts, provenance, trials, history, names, rank)


def _best_column(sweep: Sweep) -> str:
    name = sweep.metric.name
    return f"best_{metric_column(name) if isinstance(sweep, ProgramSweep) else name}"


@dataclass(frozen=True)
class RankedSettings:
    """The settings of a sweep, best first (`tune_mc1.results.settings.rank_settings`).

    Attributes:
        runs: Mean score of each run of each setting, by its hash.
        broken: Hashes of those of which all trials with a score diverged or failed.
    """

    runs: Mapping[str, Mapping[Run, float]]
    broken: frozenset[str]


def ranked_settings(frames: SweepFrames, scores: "pd.Series[float]") -> RankedSettings:
    """Ranks the settings of a sweep.

    Args:
        frames: The sweep.
        scores: Score of each trial, with the index of its trials; those without one are left out.
    """
    runs = _setting_runs(frames, scores)
    scored = frames.trials[scores.notna().to_numpy()]
    states = scored.groupby("config_hash")["state"]
    broken = frozenset(str(key) for key, own in states if is_broken(own))
    maximize = frames.sweep.metric.maximize
    order = rank_settings(runs, broken, maximize=maximize, rank=frames.rank)
    return RankedSettings({key: runs[key] for key in order}, broken)


def _setting_runs(
    frames: SweepFrames, scores: "pd.Series[float]"
) -> dict[str, Mapping[Run, float]]:
    """Mean score of each run of each setting, in the order of the plan."""
    columns = ["config_hash", "trial", "fold", *(["seed"] if "seed" in frames.trials else [])]
    rows: dict[str, list[tuple[dict[str, Any], float]]] = {}
    for row, score in zip(frames.trials[columns].to_dict("records"), scores, strict=True):
        own = rows.setdefault(row["config_hash"], [])
        if not math.isnan(score):
            own.append(({str(name): plain(value) for name, value in row.items()}, float(score)))
    return {key: means_of_runs(pairs) for key, pairs in rows.items()}


def plain(value: Any) -> Any:
    """A cell of a table as a plain Python value; a missing one is None."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    item = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(item, float) and np.isnan(item) else item
