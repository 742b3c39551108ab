"""Published outcomes of the reference beside ours."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tune_mc1.config.reference import Outcome
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.estimate import UNITS, Estimate, Unit, mean_estimate
from tune_mc1.reporting.statistics.scores import Scores, matching, scores
from tune_mc1.reporting.words.text import Text, join, say


@dataclass(frozen=True)
class ReferenceRow:
    """One published number and ours.

    Attributes:
        study: Name of the sweep.
        where: The trials that it is about, as value by parameter; empty for all.
        statistic: `mean` over them, or `best` of them (with seeds or folds: the best mean).
        epoch: Epoch of the published number.
        reference: Published validation accuracy.
        our_epoch: Epoch of ours: the same, or our last if that is earlier; 0 if there is none.
        ours: Our validation accuracy there; nan if there is none.
        low: Lower end of the 95 % interval; nan with one observation, or for the best of single
            runs.
        high: Upper end.
        unit: The unit of observation.
        trials: Trials in ours.
        settings: Settings in ours.
        seeds: Distinct seeds in ours.
        difference: Ours less the reference.
        inside: Whether the reference lies inside our interval; None where there is none.
        note: Limits of the comparison.
    """

    study: str
    where: Mapping[str, Any]
    statistic: str
    epoch: int
    reference: float
    our_epoch: int
    ours: float
    low: float
    high: float
    unit: Unit
    trials: int
    settings: int
    seeds: int
    difference: float
    inside: bool | None
    note: Text


def reference_table(frames: SweepFrames) -> tuple[ReferenceRow, ...]:
    """The published outcomes of a study beside ours; empty for a sweep without `reference`.

    Args:
        frames: A sweep of a study, whole or in part.
    """
    reference = frames.sweep.reference
    return tuple(_row(frames, o) for o in (reference.outcomes if reference else ()))


def _row(frames: SweepFrames, outcome: Outcome) -> ReferenceRow:
    chosen = frames.trials[matching(frames.trials, outcome.where)]
    frames = replace(frames, trials=chosen)
    epoch = min(outcome.epoch, int(chosen["epochs"].max()) if len(chosen) else 0)
    found = scores(frames, "val_acc", epoch)
    mean = outcome.statistic == "mean"
    ours = _mean(found) if mean else _best(found)
    have = not math.isnan(ours.value)
    rows = found.table
    inside = ours.low <= outcome.val_acc <= ours.high if ours.known else None
    return ReferenceRow(
        frames.name, dict(outcome.where), outcome.statistic, outcome.epoch, outcome.val_acc,
        epoch if have else 0, ours.value, ours.low, ours.high, ours.unit, ours.trials,
        rows["setting"].nunique() if mean else int(have), ours.seeds,
        ours.value - outcome.val_acc, inside,
        _note(frames, outcome, epoch, found, ours),
    )  # fmt: skip


def _mean(found: Scores) -> Estimate:
    """The mean over settings.

    Settings of a grid are the published ones, so only the seed is random; settings of a random
    search are a sample. With few seeds the interval is over settings too.
    """
    table = found.table
    settings, seeds = table["setting"].nunique(), table["seed"].nunique()
    unit: Unit = "setting"
    if found.folds and settings == 1:
        unit = "fold"
    elif settings == 1 or (seeds > 2 and not found.sampled):
        unit = "seed"
    # Each setting weighs the same, however many of its seeds have ended.
    by_setting = table.groupby(list(dict.fromkeys([unit, "setting"])))["score"].mean()
    values = by_setting.groupby(level=0).mean()
    return mean_estimate(
        values,
        unit=unit,
        folds=found.folds,
        trials=len(table),
        seeds=seeds,
        limits=found.limits,
    )


def _best(found: Scores) -> Estimate:
    if found.table.empty:
        return Estimate()
    means = found.table.groupby("setting")["score"].mean()
    return _mean(found.only({"setting": means.idxmax()}))


def _note(frames: SweepFrames, outcome: Outcome, epoch: int, found: Scores, ours: Estimate) -> Text:
    if frames.trials.empty:
        return Text("Not run here.", "Hier nicht durchgeführt.")
    if math.isnan(ours.value):
        early = Text("No trial has reached that epoch.", "Noch kein Lauf ist so weit.")
        return join([early, found.note])
    notes = []
    if epoch < outcome.epoch:
        en = "Ours after {ours} of {all} epochs."
        de = "Unseres nach {ours} von {all} Epochen."
        notes.append(say(en, de, ours=epoch, all=outcome.epoch))
    if frames.sweep.limit_images < 1:
        en = "Ours with {part} % of the images."
        de = "Unseres mit {part} % der Bilder."
        notes.append(say(en, de, part=round(100 * frames.sweep.limit_images, 1)))
    if not frames.finished:
        notes.append(Text("The sweep is not finished.", "Der Sweep ist nicht fertig."))
    if ours.known:
        one, _ = UNITS[ours.unit]
        notes.append(say("Interval over the {u}.", "Intervall über: {u}.", u=one))
    elif ours.n == 1:
        notes.append(Text("One run, no interval.", "Ein Lauf, kein Intervall."))
    else:
        notes.append(
            Text(
                "No interval: two runs, or equal ones.", "Kein Intervall: zwei Läufe oder gleiche."
            )
        )
    if outcome.statistic == "best":
        notes.append(
            Text("The best of many is biased upwards.", "Das Beste von vielen wirkt zu gut.")
        )
    return join([*notes, found.note])
