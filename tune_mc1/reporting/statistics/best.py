"""The best setting: which others are not worse, and what choosing it is worth."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from tune_mc1.config.metrics import goal_of
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.estimate import ALPHA
from tune_mc1.reporting.statistics.pairwise import holm
from tune_mc1.reporting.statistics.scores import Scores, scores
from tune_mc1.reporting.words.text import Text, join, say


@dataclass(frozen=True)
class Candidate:
    """One setting against the best one.

    Attributes:
        config_hash: Names the setting.
        trials: Ids of its trials.
        mean: Its mean score.
        behind: How far its mean over the shared seeds and folds is behind the best one's, at least
            about 0; 0 for the best itself.
        p: One-sided p of the paired test that it is not worse; nan where it cannot be tested.
        p_holm: The same after Holm's correction over all other settings.
        pairs: Seeds, or folds, that both ran with.
        not_worse: Whether it is not significantly worse; None where it cannot be told.
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
        known: Whether anything can be told.
        column: The score, such as `best_val_acc`.
        reason: What the set rests on, or why nothing can be told.
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
    """Which settings are not significantly worse than the one with the best mean.

    One-sided paired t-tests by seed, or by fold (variance corrected after Nadeau and Bengio 2003),
    with Holm's correction. That the best one was chosen by the same scores makes it look better
    than it is, so the set is rather too small than too large.

    Args:
        frames: The sweep.
        column: As in `scores`, but None is always the sweep's metric at its best epoch: who was
            ahead early need not be the best.
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
    """How far each row is behind the first, p, and the number of columns that both have."""
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
            "Each setting ran once, so nothing can be told of which are as good as the best one.",
            "Jede Einstellung lief nur einmal; welche der besten gleichkommen, lässt sich nicht "
            "sagen.",
        )
    if not known:
        return Text(
            "The best setting shares no two seeds or folds with another, or nothing varies.",
            "Die beste Einstellung teilt mit keiner anderen zwei Seeds oder Folds, oder nichts "
            "variiert.",
        )
    count = sum(bool(c.not_worse) for c in candidates)
    en = "{n} of {all} settings are not significantly worse than the best (paired by {unit}, Holm)."
    de = (
        "{n} von {all} Einstellungen sind nicht signifikant schlechter als die beste (gepaart nach "
        "{unit}, Holm)."
    )
    unit = Text("fold", "Fold") if table.folds else Text("seed", "Seed")
    return say(en, de, n=count, all=len(candidates), unit=unit)


@dataclass(frozen=True)
class Selection:
    """The winner's score as chosen beside its score on images that chose nothing.

    Attributes:
        trial: Id of the winning trial; empty if none has ended.
        config_hash: Names its setting.
        metric: The metric, such as `acc`.
        validation: Its validation score at its best epoch; nan without.
        test: Its test score; nan without.
        among: Trials that it was chosen from.
        on_test: Whether the test images chose it, so that there is no honest score.
        reason: What the two tell.
    """

    trial: str
    config_hash: str
    metric: str
    validation: float
    test: float
    among: int
    on_test: bool
    reason: Text

    @property
    def optimism(self) -> float:
        """Validation less test score; nan without both."""
        return self.validation - self.test


def selection(frames: SweepFrames) -> Selection:
    """What choosing the winner by its validation score did to that score.

    Args:
        frames: The sweep. The metric is its own, or accuracy if that is one of training.
    """
    name = frames.metric.removeprefix("val_") if frames.metric.startswith("val_") else "acc"
    on_test = frames.sweep.validation == "test"
    column = f"best_val_{name}"
    trials = frames.trials[pd.to_numeric(frames.trials[column], errors="coerce").notna()]
    count = len(trials)
    if trials.empty:
        reason = Text("No trial has a score yet.", "Noch kein Lauf hat ein Ergebnis.")
        return Selection("", "", name, math.nan, math.nan, count, on_test, reason)
    tested = trials[trials[f"test_{name}"].notna()]
    ordered = (trials if tested.empty else tested).sort_values(
        column, ascending=goal_of(name) == "minimize"
    )
    winner = ordered.iloc[0]
    validation, test = (
        float(winner[column]),
        float(winner[f"test_{name}"] if len(tested) else math.nan),
    )
    return Selection(
        str(winner["trial"]), str(winner["config_hash"]), name, validation, test, count, on_test,
        _optimism(validation, test, count, on_test),
    )  # fmt: skip


def _optimism(validation: float, test: float, among: int, on_test: bool) -> Text:
    if on_test:
        return Text(
            "Warning: the test images chose the winner, so its score is too good and no image is "
            "left to score it honestly.",
            "Achtung: Die Testbilder haben den Sieger gewählt. Sein Ergebnis ist zu gut, und es "
            "bleibt kein Bild, das ihn ehrlich bewertet.",
        )
    if math.isnan(test):
        return Text(
            "The winner has no test score yet; its validation score is too good, as it was chosen "
            "by it.",
            "Der Sieger hat noch kein Testergebnis; sein Validierungsergebnis ist zu gut, da er "
            "danach gewählt wurde.",
        )
    en = "Validation {val} (the best of {n} trials, at its best epoch), test {test}."
    de = "Validierung {val} (der beste von {n} Läufen, zur besten Epoche), Test {test}."
    if among == 1:
        en = "Validation {val} (one trial, at its best epoch), test {test}."
        de = "Validierung {val} (ein Lauf, zur besten Epoche), Test {test}."
    return say(en, de, val=validation, test=test, n=among)
