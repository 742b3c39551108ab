"""Settings of a sweep: scores summarised over the replicates and folds of each."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from tune_mc1.results.schema import SUMMARY_COLUMNS, Row
from tune_mc1.results.tables import SweepTables

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Summary:
    """Mean of some scores, with its uncertainty.

    Attributes:
        n: Number of scores.
        mean: Their mean; None if there are none.
        sd: Their standard deviation (n - 1); None for fewer than two.
        low: Lower end of the 95 % confidence interval of the mean; None for fewer than two.
        high: Upper end of that interval.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


def summarize(scores: Sequence[float], folds: int = 0) -> Summary:
    """Mean, standard deviation, and 95 % confidence interval by Student's t.

    The training images of folds overlap, so their scores vary less than scores on new images would;
    the variance of the mean is corrected for that (Nadeau and Bengio, Machine Learning 52, 2003;
    for repeated folds Bouckaert and Frank, PAKDD 2004).

    Args:
        scores: One score per trial.
        folds: Number of folds, if the trials are folds; 0 otherwise.
    """
    n = len(scores)
    if n < 2:
        return Summary(n, scores[0] if scores else None)
    from scipy.special import stdtrit

    mean, sd = statistics.fmean(scores), statistics.stdev(scores)
    overlap = 1 / (folds - 1) if folds else 0.0
    half = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * sd * math.sqrt(1 / n + overlap)
    return Summary(n, mean, sd, mean - half, mean + half)


def summarize_repeats(scores: Sequence[float], seeds: Sequence[object]) -> Summary:
    """Mean of a program's trials of one setting, with an interval over seeds.

    Trials with the same seed are repeats: they count once, with their mean. Without a spread there
    is no interval, as one of width 0 would claim that the mean is known.

    Args:
        scores: One score per trial.
        seeds: The seed of each, or anything that differs where a seed does.
    """
    by_seed: dict[object, list[float]] = {}
    for score, seed in zip(scores, seeds, strict=True):
        by_seed.setdefault(seed, []).append(score)
    found = summarize([statistics.fmean(each) for each in by_seed.values()])
    found = replace(found, n=len(scores))
    return replace(found, low=None, high=None) if found.sd == 0 else found


@dataclass(frozen=True)
class Setting:
    """One setting of a sweep.

    Attributes:
        rows: Rows of its trials, in the order of the plan.
        score: Summary of the sweep's metric at each trial's best epoch.
    """

    rows: list[Row]
    score: Summary


def settings_of(tables: SweepTables) -> list[Setting]:
    """The settings of a sweep, best mean first; those without a score come last.

    Trials that violate a constraint do not count.
    """
    by_hash: dict[str, list[Row]] = {}
    for row in tables.trials.values():
        by_hash.setdefault(row["config_hash"], []).append(row)
    validation = tables.metadata.get("validation")
    folds = validation.get("folds", 0) if isinstance(validation, dict) else 0
    scored = {
        key: [
            (row, score)
            for row in rows
            if (score := tables.score(row)) is not None and tables.permits(row)
        ]
        for key, rows in by_hash.items()
    }
    scores = {key: [score for _, score in pairs] for key, pairs in scored.items()}
    seeds = {key: [row.get("seed", row["trial"]) for row, _ in scored[key]] for key in scored}
    return [
        Setting(
            by_hash[key],
            summarize_repeats(scores[key], seeds[key])
            if tables.of_program
            else summarize(scores[key], folds),
        )
        for key in rank_settings(scores, maximize=tables.maximize)
    ]


def rank_settings(scores: Mapping[str, Sequence[float]], *, maximize: bool) -> list[str]:
    """Settings by the mean of their scores, best first; those without a score come last.

    Args:
        scores: The scores of each setting's trials; equal means stay in this order.
        maximize: Whether a higher score is better.
    """
    sign = -1 if maximize else 1

    def rank(setting: str) -> float:
        values = scores[setting]
        return sign * statistics.fmean(values) if values else math.inf

    return sorted(scores, key=rank)


def repeated(tables: SweepTables) -> bool:
    """True if a setting has several trials: replicates or folds."""
    hashes = {row["config_hash"] for row in tables.trials.values()}
    return len(hashes) < len(tables.trials)


def repeats(tables: SweepTables) -> int:
    """Number of a program's trials with the setting of an earlier one, and no other seed."""
    if not tables.of_program:
        return 0
    distinct = {(row["config_hash"], row.get("seed")) for row in tables.trials.values()}
    return len(tables.trials) - len(distinct)


def winners(tables: SweepTables) -> list[Row]:
    """The trials of the best setting that have a score, in the order of the plan."""
    best = next(iter(settings_of(tables)), None)
    return [row for row in best.rows if row["best_epoch"] is not None] if best else []


def settings_table(tables: SweepTables) -> pa.Table:
    """`settings.parquet`: one row per setting, best first.

    Columns: `config_hash`, every parameter but the seed, `trials` (planned), `n` (with a score),
    and `mean`, `sd`, `low` and `high` of the sweep's metric at each trial's best epoch, where `low`
    and `high` are the ends of the 95 % confidence interval of the mean.
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
        | {"trials": len(setting.rows), **vars(setting.score)}
        for setting in settings_of(tables)
    ]
    return pa.Table.from_pylist(rows, schema=schema)
