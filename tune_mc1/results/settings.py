"""Settings of a sweep: scores summarised over the replicates and folds of each."""

import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tune_mc1.config.metrics import possible_range
from tune_mc1.results.ranking import Rank, is_broken, rank_key
from tune_mc1.results.schema import SUMMARY_COLUMNS, Row
from tune_mc1.results.summary import ANY, Summary, summarize_runs
from tune_mc1.results.tables import SweepTables

Run = tuple[object, int | None]
"""A run of a setting: its seed and fold."""


@dataclass(frozen=True)
class Setting:
    """One setting of a sweep.

    Attributes:
        rows: Rows of its trials, in the order of the plan.
        score: Summary of the sweep's metric at each trial's best epoch.
        runs: That metric by run.
        broken: Whether all trials with a score diverged or failed.
    """

    rows: list[Row]
    score: Summary
    runs: Mapping[Run, float] = field(default_factory=dict)
    broken: bool = False

    @property
    def diverged(self) -> int:
        """Number of its trials that diverged."""
        return sum(row["state"] == "diverged" for row in self.rows)

    @property
    def failed(self) -> int:
        """Number of its trials that failed."""
        return sum(row["state"] == "failed" for row in self.rows)

    @property
    def losses(self) -> str:
        """How many of its trials diverged or failed: `2 of 3 diverged`; empty if none did."""
        counts = {"diverged": self.diverged, "failed": self.failed}
        all_of_them = len(self.rows)
        return ", ".join(f"{n} of {all_of_them} {state}" for state, n in counts.items() if n)


def settings_of(tables: SweepTables) -> list[Setting]:
    """The settings of a sweep, in the order of `rank_settings`.

    Trials that violate a constraint do not count. One that diverged or failed counts with its best
    epoch before, if it has one.
    """
    return list(_settings(tables))


def _settings(tables: SweepTables) -> Iterator[Setting]:
    """Yields them; what the first of them has is not computed of the others if they go unread."""
    by_hash: dict[str, list[Row]] = {}
    for row in tables.trials.values():
        by_hash.setdefault(row["config_hash"], []).append(row)
    scored = {
        key: [
            (row, score)
            for row in rows
            if (score := tables.score(row)) is not None and tables.permits(row)
        ]
        for key, rows in by_hash.items()
    }
    runs = {key: means_of_runs(pairs) for key, pairs in scored.items()}
    broken = {k for k, pairs in scored.items() if is_broken(row["state"] for row, _ in pairs)}
    folds, limits = folds_of(tables), ANY if tables.of_program else possible_range(tables.metric)
    for key in rank_settings(runs, broken, maximize=tables.maximize, rank=tables.rank):
        summary = summarize_runs(runs[key], len(scored[key]), folds, limits)
        yield Setting(by_hash[key], summary, runs[key], key in broken)


def folds_of(tables: SweepTables) -> int:
    """Number of folds of a sweep's cross-validation; 0 without."""
    validation = tables.metadata.get("validation")
    return int(validation.get("folds", 0)) if isinstance(validation, dict) else 0


def run_of(row: Mapping[str, Any]) -> Run:
    """The run of a trial: equal ones of a setting are repeats, not replicates.

    Args:
        row: Columns of `trials.parquet`. Trials of a program without a seed are runs of their own.
    """
    return row["seed"] if "seed" in row else row["trial"], row["fold"]


def means_of_runs(pairs: Sequence[tuple[Mapping[str, Any], float]]) -> dict[Run, float]:
    """Mean score of each run of a setting.

    Args:
        pairs: Its trials with their scores.
    """
    found: dict[Run, list[float]] = {}
    for row, score in pairs:
        found.setdefault(run_of(row), []).append(score)
    return {run: statistics.fmean(scores) for run, scores in found.items()}


def rank_settings(
    runs: Mapping[str, Mapping[Run, float]],
    broken: Collection[str],
    *,
    maximize: bool,
    rank: Rank = "ended",
) -> list[str]:
    """Settings by the mean of their runs, best first.

    Those without a score come last, and before them those whose trials all diverged or failed.

    Args:
        runs: The score of each run of each setting; equal means stay in this order.
        broken: The settings of which all trials with a score diverged or failed (`is_broken`).
        maximize: Whether a higher score is better.
        rank: `score` ranks these by their score, like all others.
    """

    def key(setting: str) -> tuple[int, float]:
        values = runs[setting].values()
        mean = statistics.fmean(values) if values else None
        return rank_key(mean, broken=setting in broken, maximize=maximize, rank=rank)

    return sorted(runs, key=key)


def repeated(tables: SweepTables) -> bool:
    """True if a setting has several trials: replicates or folds."""
    hashes = {row["config_hash"] for row in tables.trials.values()}
    return len(hashes) < len(tables.trials)


def repeats(tables: SweepTables) -> int:
    """Number of trials that repeat an earlier one: with its setting, seed and fold."""
    rows = tables.trials.values()
    return len(rows) - len({(row["config_hash"], row.get("seed"), row["fold"]) for row in rows})


def winners(tables: SweepTables) -> list[Row]:
    """The trials of the best setting that have a score, in the order of the plan."""
    best = next(_settings(tables), None)
    return [row for row in best.rows if row["best_epoch"] is not None] if best else []


def settings_table(tables: SweepTables) -> pa.Table:
    """`settings.parquet`: one row per setting, best first.

    Columns: `config_hash`, every parameter but the seed, `trials` (planned), `n` (with a score),
    `diverged`, `failed`, and `mean`, `sd`, `low` and `high` of the sweep's metric at each trial's
    best epoch, where `low` and `high` are the ends of the 95 % confidence interval of the mean.
    """
    types = tables.columns.trial_schema()
    parameters = [name for name in tables.columns.parameters if name != "seed"]
    schema = pa.schema(
        [
            types.field("config_hash"),
            *(types.field(name) for name in parameters),
            *SUMMARY_COLUMNS,
        ]
    )
    rows = [
        {name: setting.rows[0][name] for name in ("config_hash", *parameters)}
        | {"trials": len(setting.rows), "diverged": setting.diverged, "failed": setting.failed}
        | {name: getattr(setting.score, name) for name in ("n", "mean", "sd", "low", "high")}
        for setting in settings_of(tables)
    ]
    return pa.Table.from_pylist(rows, schema=schema)
