"""Difference between two groups of trials, in pairs where there are any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tune_mc1.reporting.statistics.estimate import (
    UNITS,
    Estimate,
    mean_estimate,
    unit_of,
    welch_estimate,
)
from tune_mc1.reporting.statistics.scores import CONDITIONS, Scores, codes, matching
from tune_mc1.reporting.words.text import Text, join, say
from tune_mc1.results.summary import FEWEST


@dataclass(frozen=True)
class Contrast:
    """The score of group b less that of group a.

    Attributes:
        effect: The difference.
        mean_a: Mean score of a's trials that were compared; nan without any.
        mean_b: The same of b.
        settings: Pairs of settings compared; of an unpaired comparison settings in both groups.
        seeds: Distinct seeds among them.
        reason: The basis of the numbers, or why there are none.
    """

    effect: Estimate
    mean_a: float
    mean_b: float
    settings: int
    seeds: int
    reason: Text


def contrast(
    scores: Scores, a: Mapping[str, Any], b: Mapping[str, Any], free: Sequence[str] = ()
) -> Contrast:
    """Compares two groups of trials that differ in what `a` and `b` name.

    Trials pair if they agree in every other parameter, seed, fold, split and images. Averaged over
    seeds and folds, each pair of settings is one observation. With fewer than three pairs of
    settings it is each seed instead, or each fold (with the correction of Nadeau and Bengio), so
    that the interval shows how much the difference varies with it. Where a random search yields no
    two pairs, the groups' settings are compared unpaired, by Welch's test.

    Args:
        scores: Of one sweep, or of several together.
        a: Value by column, such as `{"batch_size": 32}`; a tuple stands for the mean over its
            members. `study` is a column too.
        b: The other group, in the same columns.
        free: Columns that may differ besides.
    """
    differing = {*a, *b, *free, "study"}
    keys = [k for k in (*scores.names, *CONDITIONS, "seed") if k not in differing]
    one, other = (scores.table[matching(scores.table, side)] for side in (a, b))
    pairs = _pairs(scores.table, keys, (one, a), (other, b))
    groups = min(one["setting"].nunique(), other["setting"].nunique())
    if len(pairs) < 2 <= groups and scores.sampled:
        return _unpaired(one, other)
    return _paired(pairs, one, other, scores)


Side = tuple[pd.DataFrame, Mapping[str, Any]]
"""The trials of a group, and the values that define it."""


def _pairs(table: pd.DataFrame, keys: list[str], a: Side, b: Side) -> pd.DataFrame:
    """One row per pair: means `a` and `b`, `difference`, `shared` setting, seed, fold, `trials`."""
    keys = [k for k in keys if table[k].nunique(dropna=False) > 1]
    shared = [k for k in keys if k not in ("seed", "fold")]
    pair = codes(table, keys)
    one, other = (_whole(side, pair) for side in (a, b))
    groups = [side["score"].groupby(pair.loc[side.index]) for side in (one, other)]
    rows = pd.concat([g.mean() for g in groups], axis=1, keys=["a", "b"], join="inner")
    trials = sum(g.size().loc[rows.index] for g in groups)
    same = one.assign(shared=codes(table, shared)).groupby(pair.loc[one.index])
    about = same[["shared", "seed", "fold"]].first().loc[rows.index]
    return rows.assign(difference=rows["b"] - rows["a"], trials=trials).join(about)


def _whole(side: Side, pair: pd.Series) -> pd.DataFrame:
    """The trials of pairs for which every member of a mean has run."""
    rows, where = side
    if not any(isinstance(value, tuple) for value in where.values()):
        return rows
    members = codes(rows, list(where)).groupby(pair.loc[rows.index]).transform("nunique")
    whole: pd.DataFrame = rows[members == members.max()]
    return whole


def _paired(
    pairs: pd.DataFrame, one: pd.DataFrame, other: pd.DataFrame, scores: Scores
) -> Contrast:
    settings, seeds = pairs["shared"].nunique(), pairs["seed"].nunique()
    unit = unit_of(settings, seeds, pairs["fold"].nunique(), seeded=scores.seeded)
    column = {"seed": "seed", "repeat": "seed", "fold": "fold"}.get(unit, "shared")
    observed = pairs.groupby(column)["difference"].mean()
    trials = int(pairs["trials"].sum())
    effect = mean_estimate(observed, unit=unit, folds=scores.folds, trials=trials, seeds=seeds)
    one_seed = scores.seeded and seeds == 1
    reason = _rests_on(effect, one_seed, len(pairs)) if len(pairs) else _nothing(one, other)
    means = float(pairs["a"].mean()), float(pairs["b"].mean())
    return Contrast(effect, *means, settings, seeds, reason)


def _unpaired(one: pd.DataFrame, other: pd.DataFrame) -> Contrast:
    """Settings of the conditions that both groups ran under."""
    common = set(one["conditions"]) & set(other["conditions"])
    sides = [side[side["conditions"].isin(common)] for side in (one, other)]
    means = [side.groupby("setting")["score"].mean() for side in sides]
    both = pd.concat(sides)
    seeds = both["seed"].nunique()
    effect = welch_estimate(*means, trials=len(both), seeds=seeds)
    if 0 in map(len, means):
        reason = _nothing(one, other)
    else:
        en = "The settings were drawn at random and form no pairs: {a} are compared with {b}."
        de = "Die zufällig gezogenen Einstellungen bilden keine Paare: {a} gegen {b}."
        reason = say(en, de, a=len(means[0]), b=len(means[1]))
        reason = join([reason, _spread(effect), _ranks(effect), _once(len(both), both["setting"])])
    a, b = (float(side["score"].mean()) for side in sides)
    return Contrast(effect, a, b, sum(map(len, means)), seeds, reason)


def _once(trials: int, settings: pd.Series) -> Text:
    return _ONE_RUN if trials == settings.nunique() else Text()


_ONE_RUN = Text(
    "Each setting ran once, so the spread includes the variation between seeds.",
    "Jede Einstellung lief einmal; die Streuung enthält darum jene zwischen Seeds.",
)


def _nothing(one: pd.DataFrame, other: pd.DataFrame) -> Text:
    if one.empty or other.empty:
        return Text(
            "No trial with a score on one side or both.",
            "Auf mindestens einer Seite kein Lauf mit Ergebnis.",
        )
    return Text(
        "No two trials agree in everything else.",
        "Keine zwei Läufe stimmen in allem Übrigen überein.",
    )


def _rests_on(effect: Estimate, one_seed: bool, pairs: int) -> Text:
    one, _ = UNITS[effect.unit]
    en = "{pairs} pairs, {trials} trials; one observation is a {unit} ({n})."
    de = "{pairs} Paare, {trials} Läufe; eine Beobachtung: {unit} ({n})."
    if pairs == 1:
        en, de = "One pair, {trials} trials.", "Ein Paar, {trials} Läufe."
    base = say(en, de, pairs=pairs, n=effect.n, unit=one, trials=effect.trials)
    single = _ONE_SEED if effect.unit == "setting" and one_seed else Text()
    return join([base, _spread(effect), single, _ranks(effect)])


_ONE_SEED = Text(
    "All trials share one seed, so the interval shows how the difference varies between settings.",
    "Alle mit einem Seed: das Intervall sagt, wie der Unterschied zwischen Einstellungen schwankt.",
)


def _spread(effect: Estimate) -> Text:
    if effect.known or effect.n == 0:
        return Text()
    if effect.n < FEWEST:
        return Text(
            f"Fewer than {FEWEST} observations: their spread is not known, so no test.",
            f"Weniger als {FEWEST} Beobachtungen: ihre Streuung ist unbekannt, also kein Test.",
        )
    return Text(
        "All observations are equal, so no test.", "Alle Beobachtungen sind gleich, also kein Test."
    )


def _ranks(effect: Estimate) -> Text:
    """A note where a rank test decides otherwise."""
    if not effect.known or not effect.rank_p >= 0:
        return Text()
    if (effect.p < 0.05) == (effect.rank_p < 0.05):
        return Text()
    name = "Mann-Whitney" if effect.method == "Welch" else "Wilcoxon"
    en = "A rank test ({name}) disagrees: p = {p}."
    de = "Ein Rangtest ({name}) urteilt anders: p = {p}."
    return say(en, de, name=name, p=effect.rank_p)
