"""How good the estimate of the time left of ASHA is, on sweeps made of recorded learning curves.

`python -m tests.benchmarks.time_left_simulated [SEEDS]`: forty settings of a set, two at a time.
"""

import json
import statistics
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pandas as pd

from tests.support.asha_journal import EPOCHS, Curve, asha_journal
from tests.support.replayed import Estimate, estimates
from tune_mc1.planning.schedulers.asha import SuccessiveHalving
from tune_mc1.terminal import standing
from tune_mc1.terminal.time_left import TimeLeft

DOCS = Path(__file__).parents[2] / "docs"
TRIALS = 40
MARKS = {"a third": 1 / 3, "half": 1 / 2, "two thirds": 2 / 3}
SECONDS = {"CNN_simple": 0.6, "CNN": 1.0, "CNN2": 1.2, "CNN3": 1.4, "CNN4": 1.6, "CNN5": 1.8}
"""Seconds of an epoch by model; others take two."""


def main() -> None:
    """Prints a line for each part of the sweep's time, by the rungs alone and with the scores."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 80)
    sets = [*map(reference, ("first_grid-two-models", "first_grid-CNN-three-seeds"))]
    sets += map(searched, ("curves-sgd", "curves-adam"))
    journals = [
        asha_journal(drawn(a_set, seed), seed, 2, seconds) for a_set in sets for seed in seeds
    ]
    for label, fewest in (("by the rungs alone", TRIALS + 1), ("with settings and scores", None)):
        with patch.object(standing, "FEWEST", fewest or standing.FEWEST):
            found = [dict(at_marks(journal)) for journal in journals]
        print(f"{label}, {len(journals)} sweeps")
        for name in MARKS:
            print(f"  {name:<11} {described([each[name] for each in found])}")


def described(found: list[Estimate]) -> str:
    """How good estimates are, in a line."""
    sizes = [abs(one.error) for one in found]
    clear = [abs(one.error) < 0.25 for one in found if one.clear]
    return (
        f"within 25 %: {statistics.fmean(size < 0.25 for size in sizes):.0%}, median |e| "
        f"{statistics.median(sizes):.2f}, one number {len(clear) / len(found):.0%}, right then "
        f"{statistics.fmean(clear) if clear else float('nan'):.0%}, in range "
        f"{statistics.fmean(one.in_range for one in found):.0%}"
    )


def at_marks(journal: list[dict[str, Any]]) -> Iterator[tuple[str, Estimate]]:
    """The first estimate after each part of the sweep's time."""
    rows = SuccessiveHalving(type="asha", min_iter=1, eta=3).dry_run_rows(TRIALS, EPOCHS)
    waiting = dict(MARKS)
    left = TimeLeft(rows, cost=lambda trial, _: seconds({"model": trial.config.model}))
    for one in estimates(journal, left):
        for name in [name for name, mark in waiting.items() if one.done >= mark]:
            del waiting[name]
            yield name, one
        if not waiting:
            return


def seconds(setting: Mapping[str, Any]) -> float:
    """Seconds of an epoch of a setting."""
    return SECONDS.get(setting["model"], 2.0)


def drawn(curves: list[Curve], seed: int) -> list[Curve]:
    """Forty settings of a set, in some order."""
    return Random(seed).sample(curves, TRIALS)


def reference(name: str) -> list[Curve]:
    """Settings of a sweep in `docs/reference-results`."""
    place = DOCS / "reference-results" / name
    trials = pd.read_parquet(place / "trials.parquet")
    history = pd.read_parquet(place / "history.parquet").sort_values("epoch")
    scores = history.groupby("trial")["val_acc"].apply(list)
    varied: list[Any] = trials[["model", "learning_rate", "batch_size"]].to_dict("records")
    return [(row, scores[t]) for t, row in zip(trials["trial"], varied, strict=True)]


def searched(name: str) -> list[Curve]:
    """Settings of the search benchmark, of whose 27 epochs every third counts."""
    curves = pd.read_parquet(DOCS / "search-curves.parquet")
    curves = curves[curves["sweep"] == name]
    return [
        (json.loads(s), c[2::3]) for s, c in zip(curves["setting"], curves["curve"], strict=True)
    ]


if __name__ == "__main__":
    main()
