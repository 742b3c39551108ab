"""The Pareto front of a sweep with several metrics: its trials, in terminal, page and figure."""

from io import StringIO
from typing import Any

import numpy as np
from rich.console import Console

from tests.support.report_frames import frames_of
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.reporting.figure_sets import make_figures
from tune_mc1.reporting.pages.pareto_table import pareto_views
from tune_mc1.reporting.permitted import permitted
from tune_mc1.reporting.words.page_texts import speaker
from tune_mc1.results.events import start_events, trial_event
from tune_mc1.results.out_of_race import out_of_race
from tune_mc1.results.pareto import front_of, non_dominated
from tune_mc1.results.settings import winners
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.pareto_table import print_pareto

METRICS = [{"name": "val_acc"}, {"name": "val_loss", "goal": "minimize"}]
POINTS = [(0.5, 1.0), (0.6, 1.2), (0.4, 1.1), (0.6, 1.3), (0.7, 2.0), (0.7, 2.0)]
"""Accuracy and loss of the trials: the third and the fourth are beaten, the last two are equal."""


def tables() -> SweepTables:
    found = SweepTables()
    head: Any = {"event": "sweep", "metric": "val_acc", "maximize": True, "objectives": [
        {"name": "val_acc", "goal": "maximize"}, {"name": "val_loss", "goal": "minimize"}
    ]}  # fmt: skip
    found.apply(head)
    for i, (acc, loss) in enumerate(POINTS, 1):
        name = f"t{i:04d}"
        config = TrialConfig(epochs=1, learning_rate=i / 100)
        found.apply(trial_event(Trial(id=name, config=config)))
        found.apply_all({**event, "time": 0.0} for event in start_events([name]))
        row = {"trial": name, "epoch": 1, "val_acc": acc, "val_loss": loss, "time": 1.0}
        row |= {"seconds": 1.0, "images_per_second": 9.0, "steps": 1}
        event: Any = {"event": "epoch", **row}
        end: Any = {"event": "end", "trial": name, "state": "completed", "time": 2.0}
        found.apply_all([event, end])
    return found


def test_the_front() -> None:
    assert [row["trial"] for row in front_of(tables())] == ["t0005", "t0006", "t0002", "t0001"]
    assert front_of(SweepTables()) == []


def test_checkpoints_of_the_front_stay() -> None:
    found = tables()
    assert out_of_race(found) == ["t0004", "t0003"]
    assert len(out_of_race(found, spare_best=False)) == len(POINTS)
    found.trials["t0001"]["state"] = "running"  # it may yet beat others, and does not beat them now
    assert out_of_race(found) == ["t0004"], "t0003 is beaten only by one that runs"


def test_a_trial_that_violates_a_constraint_neither_wins_nor_is_on_the_front() -> None:
    found = tables()
    found.metadata["constraints"] = ["val_loss <= 1.9"]
    assert [row["trial"] for row in front_of(found)] == ["t0002", "t0001"]
    assert [row["trial"] for row in winners(found)] == ["t0002"]
    assert [row["trial"] for row in found.ranked()][:2] == ["t0002", "t0004"]
    sweep = Sweep.model_validate({"metrics": METRICS, "constraints": ["val_loss <= 1.9"]})
    assert permitted(frames_of(found, sweep).trials, sweep).tolist() == [True] * 4 + [False] * 2


def test_no_point_of_the_front_is_beaten() -> None:
    points = [tuple(p) for p in np.random.default_rng(0).integers(0, 9, (60, 3)).tolist()]

    def beats(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        return a != b and all(x <= y for x, y in zip(a, b, strict=True))

    alone = [i for i, p in enumerate(points) if not any(beats(q, p) for q in points)]
    assert non_dominated(points) == alone


def test_terminal_page_and_figure() -> None:
    out = StringIO()
    print_pareto(SweepTables(), Console(file=out))
    assert out.getvalue() == ""
    print_pareto(tables(), Console(file=out, width=120))
    lines = out.getvalue().splitlines()[1:]
    assert lines[0].strip() == "Pareto front: 4 of 6 trials, values after the last epoch"
    assert lines[1].split() == ["trial", "learning_rate", "val_acc", "(max)", "val_loss", "(min)"]
    assert lines[2].split() == ["t0005", "0.05", "0.7000", "2.0000"]
    sweep = Sweep.model_validate({"method": "random", "metrics": METRICS})
    frames = frames_of(tables(), sweep)
    (view,) = pareto_views(frames, speaker("en"))
    assert [row[0].text for row in view.rows] == ["t0005", "t0006", "t0002", "t0001"]
    spec = make_figures(frames, "en")["pareto_front_val_acc_val_loss"]
    assert "4 trials" in spec.caption
    others, front = spec.figure().axes[0].get_lines()
    assert np.asarray(front.get_xdata()).tolist() == [1.0, 1.2, 2.0, 2.0]
    assert sorted(np.asarray(others.get_xdata()).tolist()) == [1.1, 1.3]
    german = make_figures(frames, "de")["pareto_front_val_acc_val_loss"]
    assert "Pareto-Front" in german.title
