"""Scores that statistics compare: one number per trial, where it has one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tune_mc1.config.metrics import goal_of, possible_range
from tune_mc1.config.validation import Folds
from tune_mc1.reporting.frames import SweepFrames, plain
from tune_mc1.reporting.statistics.left_out import reasons_left_out
from tune_mc1.reporting.words.iteration_words import unit_word
from tune_mc1.reporting.words.text import NOTHING, Text, join, say
from tune_mc1.results.summary import ANY

Value = str | int | float | bool | None
"""A parameter's value; None where it is left to the architecture."""

CONDITIONS = ("conditions", "fold")
"""Columns in which two trials must agree to be compared: images, split and fold."""

MAX_LEVELS = 12
"""A numeric parameter with more distinct values than this is treated as continuous."""


@dataclass(frozen=True)
class Scores:
    """One score per trial, with the columns that decide which trials may be compared.

    Attributes:
        table: One row per trial: `study`, `trial`, `config_hash`, `setting` (a number, equal for
            replicates and folds), `seed`, `fold`, the parameters, `conditions` (equal for the same
            images and split), and `score`.
        column: Name of the score, such as `best_val_acc`, or `val_acc` at an epoch.
        maximize: Whether a higher score is better.
        folds: Folds of the cross-validation; 0 without.
        sampled: Whether settings were drawn at random, so that groups compare without pairs.
        planned: Number of trials of the sweep.
        names: Columns of the parameters that make a setting.
        note: Trials without a score, by reason, and other limits of the comparison; often empty.
        seeded: Whether trials have seeds; those of a program have if it has a parameter `seed`.
        of_program: Whether they are runs of a program, whose metric may have any range.
    """

    table: pd.DataFrame
    column: str
    maximize: bool
    folds: int
    sampled: bool
    planned: int
    names: Sequence[str]
    note: Text
    seeded: bool = True
    of_program: bool = False

    def only(self, where: Mapping[str, Any]) -> "Scores":
        """The trials that have these values. A tuple stands for any of its members."""
        return replace(self, table=self.table[matching(self.table, where)])

    def with_scores(self, values: pd.Series) -> "Scores":
        """The same trials with other scores; trials without one are left out."""
        return replace(self, table=self.table.assign(score=values)[values.notna()])

    @property
    def replicated(self) -> bool:
        """Whether any setting has several runs: seeds or folds. Equal runs are repeats."""
        runs = self.table[["setting", "seed", "fold"]].drop_duplicates()
        return bool(runs["setting"].duplicated().any())

    @property
    def limits(self) -> tuple[float, float]:
        """Least and greatest possible score; infinite where there is none, or it is not known."""
        return ANY if self.of_program else possible_range(self.column)


def scores(frames: SweepFrames, column: str | None = None, epoch: int | None = None) -> Scores:
    """The trials' scores.

    A column of `trials` is compared among trials that ran all their epochs: a trial that ASHA
    stopped has its last and its best epoch earlier than the others. At a given epoch every trial
    that reached it counts, however it ended.

    Args:
        frames: The sweep.
        column: A column of `trials` such as `last_val_acc`; with an epoch a metric such as
            `val_acc`. None is the sweep's metric at its best epoch, or where trials were stopped
            early after the last epoch that all of them reached.
        epoch: From 1; None takes the column of `trials`.
    """
    trials = frames.trials
    if frames.of_program and not frames.metric:
        return _nothing(frames)
    notes = [_LEARNED if frames.sweep.search.learns else NOTHING]
    if column is None and epoch is None and (epoch := equal_epoch(frames)):
        en = "Trials were stopped early, so all are compared after {what} {n}, which all reached."
        de = (
            "Läufe wurden vorzeitig gestoppt; verglichen wird nach {what} {n}, die alle erreichten."
        )
        notes.append(say(en, de, what=unit_word(frames.of_program), n=epoch))
    if epoch is None:
        column = column or f"best_{frames.metric}"
        values = trials[column].where(trials["state"] == "completed")
    else:
        column = column or frames.metric
        rows = frames.history[frames.history["epoch"] == epoch]
        values = trials["trial"].map(rows.set_index("trial")[column])
    table = _about(frames)
    table["score"] = pd.to_numeric(values, errors="coerce").replace([np.inf, -np.inf], np.nan)
    missing = table["score"].isna()
    validation = frames.sweep.validation
    return Scores(
        _numbered(table[~missing].reset_index(drop=True), frames.setting_names),
        column,
        _maximize(frames, column),
        validation.folds if isinstance(validation, Folds) else 0,
        frames.sweep.search.sampled,
        len(trials),
        frames.setting_names,
        join([*notes, reasons_left_out(trials.loc[missing, "state"], epoch, frames.of_program)]),
        seeded="seed" in frames.parameters,
        of_program=frames.of_program,
    )


def _about(frames: SweepFrames) -> pd.DataFrame:
    """The columns of `Scores.table` without scores and numbers of settings."""
    trials = frames.trials
    table = trials[["trial", "config_hash", *frames.parameters, "fold"]].copy()
    if "seed" not in table:  # a program without: trials of one setting are repeats
        table["seed"] = table.groupby("config_hash").cumcount()
    table["fold"] = table["fold"].astype(float).fillna(-1).astype(int)
    table["study"] = frames.name
    split = f" {frames.sweep.validation!r} {frames.sweep.limit_images}"
    table["conditions"] = trials["fingerprint"].astype(str) + split
    return table


def _nothing(frames: SweepFrames) -> Scores:
    """The scores of a sweep without a metric: none."""
    table = _numbered(_about(frames).assign(score=math.nan).iloc[:0], frames.setting_names)
    names, planned = frames.setting_names, len(frames.trials)
    return Scores(table, "", False, 0, False, planned, names, NO_METRIC)


NO_METRIC = Text(
    "The sweep has no metric by which trials could be compared.",
    "Der Sweep hat keine Metrik, nach der sich Läufe vergleichen liessen.",
)


_LEARNED = Text(
    "The search learned from earlier trials, so its settings are not a random sample and "
    "p-values are too small.",
    "Die Suche lernte aus früheren Läufen; ihre Einstellungen sind keine Zufallsstichprobe, und p "
    "ist zu klein.",
)


def equal_epoch(frames: SweepFrames) -> int | None:
    """The last epoch that all trials reached that completed or were stopped early.

    Returns:
        An epoch from 1; None if no trial was stopped early.
    """
    states = frames.trials["state"]
    if not (states == "stopped").any():
        return None
    return max(1, int(frames.trials.loc[states.isin(["stopped", "completed"]), "epochs_run"].min()))


def _maximize(frames: SweepFrames, column: str) -> bool:
    if frames.of_program or column.removeprefix("best_").removeprefix("last_") == frames.metric:
        return frames.sweep.metric.maximize
    return goal_of(column) == "maximize"


def together(parts: Sequence[Scores]) -> Scores:
    """Scores of several sweeps in one table."""
    table = pd.concat([part.table for part in parts], ignore_index=True)
    first = parts[0]
    return replace(
        first,
        table=_numbered(table, first.names),
        folds=max(part.folds for part in parts),
        sampled=all(part.sampled for part in parts),
        planned=sum(part.planned for part in parts),
        note=join(dict.fromkeys(part.note for part in parts)),
    )


def _numbered(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    keys = ["study", *names, "conditions"]
    return table.assign(setting=codes(table, keys))


def codes(table: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """One number per row, equal for rows that agree in all keys; None agrees with None."""
    if table.empty or not keys:
        return pd.Series(0, index=table.index)
    return table.groupby(list(keys), dropna=False, sort=False).ngroup()


def matching(table: pd.DataFrame, where: Mapping[str, Any]) -> pd.Series:
    """Mask of the rows that have these values; numbers agree to 9 digits, None is a missing value.

    Args:
        table: Any table with parameters as columns.
        where: Value by column; a tuple stands for any of its members. A column that the table lacks
            matches nothing.
    """
    chosen = pd.Series(True, index=table.index)
    for name, wanted in where.items():
        if name not in table:
            return pd.Series(False, index=table.index)
        members = wanted if isinstance(wanted, tuple) else (wanted,)
        fits = [_equals(table[name], member) for member in members]
        chosen &= pd.concat(fits, axis=1).any(axis=1) if fits else False
    return chosen


def _equals(column: pd.Series, value: Value) -> pd.Series:
    if value is None:
        return column.isna()
    if isinstance(value, float) and pd.api.types.is_numeric_dtype(column):
        return pd.Series(np.isclose(column.astype(float), value, rtol=1e-9, atol=0), column.index)
    return (column == value).fillna(False).astype(bool)


def levels(table: pd.DataFrame, parameter: str) -> list[Value]:
    """The distinct values of a parameter: numbers ascend, then None; others as they occur."""
    values = [plain(v) for v in table[parameter].unique()]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len([v for v in values if v is not None]):
        return [*sorted(numbers, key=float), *(v for v in values if v is None)]
    return values


def is_continuous(frames: SweepFrames, parameter: str) -> bool:
    """Whether a parameter is numeric and sampled from a range, or has many distinct values."""
    column = frames.trials[parameter]
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return False
    declared = frames.declared(parameter)
    if declared is not None and not hasattr(declared, "values"):
        return column.nunique() > 2
    return column.nunique() > MAX_LEVELS
