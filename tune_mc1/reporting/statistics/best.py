"""The best setting, and those that are not significantly worse."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.estimate import ALPHA, UNITS
from tune_mc1.reporting.statistics.pairwise import holm
from tune_mc1.reporting.statistics.scores import Scores, scores
from tune_mc1.reporting.words.text import Text, join, say


@dataclass(frozen=True)
class Candidate:
    """One setting compared with the best one.

    Attributes:
        config_hash: Identifies the setting.
        trials: Ids of its trials.
        mean: Its mean score.
        behind: The best mean less its own, over the seeds and folds that both ran with; 0 for the
            best itself.
        p: One-sided p-value of the paired test that it is not worse; nan if it cannot be tested.
        p_holm: The p-value after Holm's correction over all other settings.
        pairs: Number of seeds or folds that both ran with.
        not_worse: Whether it is not significantly worse; None if that is not known.
    """

    config_hash: str
    trials: tuple[str, ...]
    mean: float
    behind: float
    p: float
    p_holm: float
    pairs: int
    not_worse: bool | None


@dataclass(frozen=True)
class BestSet:
    """The settings of a sweep, best mean first.

    Attributes:
        candidates: All settings with a score.
        known: Whether any setting could be tested.
        column: The score, such as `best_val_acc`.
        reason: The basis of the set, or why it is not known.
    """

    candidates: tuple[Candidate, ...]
    known: bool
    column: str
    reason: Text

    @property
    def not_worse(self) -> tuple[Candidate, ...]:
        """The best setting, and those that are not significantly worse."""
        return tuple(c for c in self.candidates if c.not_worse)


def not_worse_than_best(
    frames: SweepFrames, column: str | None = None, epoch: int | None = None
) -> BestSet:
    """The settings that are not significantly worse than the one with the best mean.

    One-sided paired t-tests by seed, or by fold (variance corrected after Nadeau and Bengio 2003),
    with Holm's correction. The best one was selected by the same scores, which biases its mean
    upwards, so the set tends to be too small rather than too large.

    Args:
        frames: The sweep.
        column: As in `scores`, but None always means the sweep's metric at its best epoch: a
            setting that leads early need not be the best.
        epoch: As in `scores`.
    """
    if epoch is None:
        column = column or f"best_{frames.metric}"
    table = scores(frames, column, epoch)
    if table.table.empty:
        reason = Text("No trial has a score yet.", "Noch kein Lauf hat ein Ergebnis.")
        return BestSet((), False, table.column, join([reason, table.note]))
    by_setting = _matrix(table)
    mean = by_setting.mean(axis=1)
    order = mean.sort_values(ascending=not table.maximize, kind="stable").index
    by_setting, mean = by_setting.loc[order], mean.loc[order]
    behind, p, pairs = _against_first(by_setting.to_numpy(), table)
    corrected = holm(list(p))
    known = len(p) > 1 and not np.isnan(p[1:]).all()
    rows = table.table.groupby("setting")
    ids, hashes = rows["trial"].agg(tuple), rows["config_hash"].first()
    candidates = tuple(
        Candidate(
            str(hashes[s]), ids[s], float(mean[s]), float(behind[i]), float(p[i]), corrected[i],
            int(pairs[i]), _kept(i, corrected[i], known),
        )
        for i, s in enumerate(order)
    )  # fmt: skip
    reason = join([_reason(table, candidates, known), table.note])
    return BestSet(candidates, known, table.column, reason)


def _matrix(table: Scores) -> pd.DataFrame:
    """Scores by setting, and by seed or fold (a fold is averaged over its seeds)."""
    unit = "fold" if table.folds else "seed"
    return table.table.pivot_table(index="setting", columns=unit, values="score", aggfunc="mean")


def _against_first(scores: np.ndarray, table: Scores) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differences of the first row from each, p-values, and numbers of columns that both have."""
    ahead = (scores[0] - scores) * (1 if table.maximize else -1)
    there = ~np.isnan(ahead)
    pairs = there.sum(axis=1)
    filled = np.where(there, ahead, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        behind = filled.sum(axis=1) / pairs
        squares = (np.where(there, ahead - behind[:, None], 0.0) ** 2).sum(axis=1)
        variance = squares / (pairs - 1)
        overlap = 1 / (table.folds - 1) if table.folds > 1 else 0.0
        t = behind / np.sqrt(variance * (1 / pairs + overlap))
    tested = (pairs > 1) & (variance > 1e-24)
    p = np.full(len(scores), math.nan)
    p[tested] = stats.t.sf(t[tested], pairs[tested] - 1)
    return behind, p, pairs


def _kept(place: int, p: float, known: bool) -> bool | None:
    if not known:
        return None
    if place == 0:
        return True
    return None if math.isnan(p) else p >= ALPHA


def _reason(table: Scores, candidates: tuple[Candidate, ...], known: bool) -> Text:
    if len(candidates) == 1:
        return Text("There is only one setting.", "Es gibt nur eine Einstellung.")
    if not table.replicated:
        return Text(
            "Each setting ran once, so it is not known which others are as good as the best one.",
            "Jede Einstellung lief nur einmal; welche der besten gleichkommen, lässt sich nicht "
            "sagen.",
        )
    if not known:
        return Text(
            "The best setting shares fewer than two seeds or folds with any other, or their "
            "scores do not vary.",
            "Die beste Einstellung teilt mit keiner anderen zwei Seeds oder Folds, oder nichts "
            "variiert.",
        )
    count = sum(bool(c.not_worse) for c in candidates)
    en = "{n} of {all} settings are not significantly worse than the best (paired by {unit}, Holm)."
    de = (
        "{n} von {all} Einstellungen sind nicht signifikant schlechter als die beste (gepaart nach "
        "{unit}, Holm)."
    )
    unit, _ = UNITS["fold" if table.folds else "seed" if table.seeded else "repeat"]
    return say(en, de, n=count, all=len(candidates), unit=unit)
