"""Claims on single outcomes: the best setting, a published accuracy, a loss that falls."""

from dataclasses import dataclass, replace
from typing import Any

from tune_mc1.reporting.conclusions.findings import (
    EQUAL,
    Finding,
    Studies,
    judge,
    measure,
    measured,
    nothing_ran,
    one_protocol,
)
from tune_mc1.reporting.statistics.contrast import contrast
from tune_mc1.reporting.statistics.estimate import Unit, mean_estimate
from tune_mc1.reporting.statistics.scores import Scores
from tune_mc1.reporting.words.text import Text, join, say


@dataclass(frozen=True)
class BestIn:
    """The claim that the best setting of several studies is in one of them.

    Attributes:
        study: The study that should have it.
        others: The studies that it is compared with, as far as they have run.
    """

    study: str
    others: tuple[str, ...]

    def __call__(self, studies: Studies) -> Finding:
        """Compares the study's best mean with the best of the others, paired by seed."""
        table = _comparable(measure(studies, [self.study, *self.others]), self.study)
        means = table.table.groupby(["study", "setting"])["score"].mean()
        ours = means[means.index.get_level_values("study") == self.study]
        rest = means[means.index.get_level_values("study") != self.study]
        if ours.empty or rest.empty:
            return nothing_ran(table, Text("No trial has ended in one of the studies.",
                "In einer der Studien ist kein Lauf fertig."))  # fmt: skip
        top: Any = ours.idxmax()
        other: Any = rest.idxmax()
        sides = {"setting": other[1]}, {"setting": top[1]}
        found = contrast(table, *sides, free=table.names)
        effect = found.effect
        if effect.n == 0:
            effect = replace(effect, value=float(ours.max() - rest.max()), n=1, trials=2)
        en = "Best mean of {a} against the best of {b}; both are biased upwards by selection."
        de = "Bestes Mittel von {a} gegen das beste von {b}; beide wirken zu gut, da ausgewählt."
        which = say(en, de, a=self.study, b=other[0])
        return Finding(
            True,
            effect,
            *judge(effect, "greater"),
            measured(table, "last", [table.table]),
            join([which, found.reason, table.note]),
        )


def _comparable(table: Scores, study: str) -> Scores:
    """The trials on the images and split that a study shares with most trials of the others."""
    rows = table.table
    own = rows["study"] == study
    shared = set(rows.loc[own, "conditions"]) & set(rows.loc[~own, "conditions"])
    return one_protocol(table.only({"conditions": tuple(shared)}), ["conditions"])


@dataclass(frozen=True)
class Reaches:
    """The claim that a model reaches its published value within ± `EQUAL`.

    Attributes:
        study: The study.
        model: Name of the model.
        published: The published value.
        metric: `val_acc` or `val_f1`.
    """

    study: str
    model: str
    published: float
    metric: str = "val_acc"

    def __call__(self, studies: Studies) -> Finding:
        """Tests the difference of ours from the published value, over seeds."""
        ran = measure(studies, [self.study], metric=self.metric).only({"model": self.model})
        table = one_protocol(ran)
        if table.table.empty:
            return nothing_ran(table, say("No trial of {m} has ended.",
                "Kein Lauf von {m} ist fertig.", m=self.model))  # fmt: skip
        by_seed = table.table.groupby("seed")["score"].mean() - self.published
        effect = mean_estimate(by_seed, unit="seed", trials=len(table.table), seeds=len(by_seed))
        en = "Ours {ours}, published {theirs}; equal means within ±{margin}."
        de = "Unseres {ours}, veröffentlicht {theirs}; gleich heisst innerhalb ±{margin}."
        ours = effect.value + self.published
        which = say(en, de, ours=float(ours), theirs=self.published, margin=EQUAL)
        single = Text() if effect.n > 1 else Text("One run.", "Ein Lauf.")
        return Finding(
            True,
            effect,
            *judge(effect, "equal"),
            measured(table, "last", [table.table]),
            join([which, single, table.note]),
            margin=EQUAL,
        )


@dataclass(frozen=True)
class Learns:
    """The claim that the training loss falls from the first epoch to the last.

    Attributes:
        study: The study.
    """

    study: str

    def __call__(self, studies: Studies) -> Finding:
        """Tests the difference of the last loss from the first, over seeds or settings."""
        table = one_protocol(measure(studies, [self.study], "gain", "train_loss"))
        rows = table.table
        if rows.empty:
            reason = Text("No trial has ended.", "Kein Lauf ist fertig.")
            return nothing_ran(table, reason)
        seeds = rows["seed"].nunique()
        # The settings are no random sample, so with enough seeds only these are random.
        unit: Unit = "seed" if seeds > 2 else "setting"
        gain = rows.groupby(unit)["score"].mean()
        effect = mean_estimate(gain, unit=unit, trials=len(rows), seeds=seeds)
        en = "Falls in {n} of {all} trials."
        de = "Fällt in {n} von {all} Läufen."
        return Finding(
            True,
            effect,
            *judge(effect, "less"),
            measured(table, "gain", [rows]),
            join([say(en, de, n=int((rows["score"] < 0).sum()), all=len(rows)), table.note]),
        )
