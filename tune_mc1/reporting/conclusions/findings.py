"""Findings on a claim: its effect, and p-values for and against it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.contrast import contrast
from tune_mc1.reporting.statistics.estimate import Estimate
from tune_mc1.reporting.statistics.scores import Scores, codes, matching, scores, together
from tune_mc1.reporting.words.text import NOTHING, Text, join, say

Studies = Mapping[str, Sequence[SweepFrames]]
"""The result directories given, by the name of their study."""

When = Literal["first", "last", "gain", "late gain"]

NEGLIGIBLE = 0.01
"""A smaller difference of accuracies counts as none: published figures are read to 0.01."""
EQUAL = 0.02
"""Margin within which two accuracies count as equal."""
LATE = 6
"""The late gain starts after the first sixth of the epochs."""


@dataclass(frozen=True)
class Finding:
    """The results on a claim.

    Attributes:
        ran: Whether the trials that it needs have run.
        effect: The difference that the claim is about, with its interval.
        p_for: Small if the results support the claim; nan if it cannot be tested.
        p_against: Small if they contradict it.
        measured: Metric and epoch.
        reason: The basis of the finding.
        open: The effect that further observations would have to decide, if not `effect`.
        margin: If above 0, the question is whether the effect lies within ± `margin`.
        tests: Number of comparisons that the claim itself corrects for.
    """

    ran: bool
    effect: Estimate = field(default_factory=Estimate)
    p_for: float = math.nan
    p_against: float = math.nan
    measured: Text = NOTHING
    reason: Text = NOTHING
    open: Estimate | None = None
    margin: float = 0.0
    tests: int = 1


@dataclass(frozen=True)
class Claim:
    """The claim that one group of trials is better than another, worse, or equal.

    Attributes:
        studies: The studies whose trials are compared.
        a: One group: value by column; a tuple stands for the mean over its members.
        b: The other.
        says: The claim on b less a: above 0 (`greater`), below 0 (`less`), or within ± `EQUAL`.
        at: After the first epoch, after the last, or the gain until the last since the first
            (`gain`) or since a sixth of the epochs (`late gain`).
        free: Further columns that may differ, besides those of a and b.
    """

    studies: tuple[str, ...]
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    says: Literal["greater", "less", "equal"] = "greater"
    at: When = "last"
    free: tuple[str, ...] = ()

    def __call__(self, studies: Studies) -> Finding:
        """Compares the two groups."""
        table = measure(studies, self.studies, self.at)
        sides = [table.table[matching(table.table, side)] for side in (self.a, self.b)]
        missing = [where for where, side in zip((self.a, self.b), sides, strict=True) if side.empty]
        if missing:
            en, de = "No trial has ended with {what}.", "Kein Lauf ist fertig mit {what}."
            what = "; ".join(_named(where) for where in missing)
            return nothing_ran(table, say(en, de, what=what))
        found = contrast(table, self.a, self.b, self.free)
        return Finding(
            True,
            found.effect,
            *judge(found.effect, self.says),
            measured(table, self.at, sides),
            join([found.reason, models(sides), table.note]),
            margin=EQUAL if self.says == "equal" else 0.0,
        )


def _named(where: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items())


def nothing_ran(table: Scores, reason: Text) -> Finding:
    """The finding where the trials that a claim needs have not run, or have no score."""
    return Finding(False, reason=join([reason, table.note]))


def judge(effect: Estimate, says: Literal["greater", "less", "equal"]) -> tuple[float, float]:
    """P-values for and against a claim on an effect.

    A direction is contradicted by an effect below `NEGLIGIBLE` in that direction. Equality is
    supported by two one-sided tests with the margin `EQUAL`, and contradicted by a larger effect.
    """
    if not effect.known:
        return math.nan, math.nan
    if says == "equal":
        return effect.p_within(EQUAL), effect.p_beyond(EQUAL)
    if says == "greater":
        return (effect.p if effect.value > 0 else 1.0), effect.p_below(NEGLIGIBLE)
    return (effect.p if effect.value < 0 else 1.0), effect.p_above(-NEGLIGIBLE)


def measure(
    studies: Studies, names: Sequence[str], at: When = "last", metric: str = "val_acc"
) -> Scores:
    """The trials of several studies with a metric at an epoch, all directories together."""
    frames = [f for name in names for f in studies.get(name, ())]
    if at == "first":
        return together([scores(f, metric, 1) for f in frames])
    parts = [scores(f, f"last_{metric}") for f in frames]
    if at != "last":
        share = LATE if at == "late gain" else math.inf
        parts = [_gain(part, f, metric, share) for part, f in zip(parts, frames, strict=True)]
    return together(parts)


def _gain(part: Scores, frames: SweepFrames, metric: str, share: float) -> Scores:
    """The last value less that after a fraction of the epochs, at least one."""
    epochs = part.table.set_index("trial")["epochs"]
    history = frames.history[frames.history["trial"].isin(epochs.index)]
    early = (history["trial"].map(epochs) / share).clip(lower=1).astype(int)
    then = history[history["epoch"] == early].set_index("trial")[metric]
    gain = part.table["score"] - part.table["trial"].map(then)
    return part.with_scores(gain)


def one_protocol(table: Scores, keys: Sequence[str] = ("conditions", "epochs")) -> Scores:
    """The largest set of trials with the same images, split, epochs and shuffling.

    Directories of one study may differ in these, and an unpaired comparison must not mix them.
    """
    names = [*keys, *({"shuffle"} & set(table.table))]
    groups = codes(table.table, names)
    most = table.table[groups == groups.mode().get(0)]
    lost = len(table.table) - len(most)
    en = "{n} trials with other images, epochs or shuffling are left out."
    de = "{n} Läufe mit anderen Bildern, Epochen oder anderer Mischung sind nicht berücksichtigt."
    note = join([table.note, say(en, de, n=lost) if lost else NOTHING])
    return replace(table, table=most, note=note)


def measured(table: Scores, at: When, sides: Sequence[pd.DataFrame]) -> Text:
    """Metric and epoch, such as `val_acc after the last epoch (20)`."""
    rows = pd.concat(list(sides))
    longest = ", ".join(str(int(e)) for e in sorted(rows["epochs"].unique()))
    metric = table.column.removeprefix("last_")
    if at == "first":
        en, de = "{m} after the first epoch", "{m} nach der ersten Epoche"
    elif at == "last":
        en, de = "{m} after the last epoch ({n})", "{m} nach der letzten Epoche ({n})"
    elif at == "gain":
        en = "gain of {m} from the first epoch to the last ({n})"
        de = "Zuwachs von {m} von der ersten Epoche bis zur letzten ({n})"
    else:
        en = "gain of {m} from a sixth of the epochs to the last ({n})"
        de = "Zuwachs von {m} ab einem Sechstel der Epochen bis zur letzten ({n})"
    return say(en, de, m=metric, n=longest)


def models(sides: Sequence[pd.DataFrame]) -> Text:
    """The models of the trials, unless models are compared."""
    names = [set(side["model"]) for side in sides]
    if len(names) > 1 and names[0] != names[1]:
        return Text()
    shown = ", ".join(sorted(set().union(*names)))
    return say("Models: {names}.", "Modelle: {names}.", names=shown)
