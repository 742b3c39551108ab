"""What is said of the winner, in the terminal and in reports, and of trials without a parameter."""

import json
import math
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from rich.console import Console

from tests.support.figure_sweeps import (
    ASHA,
    GRID,
    Change,
    tiny_images,
    write_predictions,
    write_sweep,
)
from tune_mc1.config.field_types import Lang
from tune_mc1.config.trial import Trial
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.figures.asha_rungs import WORDS, asha_rungs
from tune_mc1.reporting.frames import SweepFrames, read_frames
from tune_mc1.reporting.pages.sections import make_section
from tune_mc1.reporting.statistics.importance import importance
from tune_mc1.reporting.words.page_texts import speaker
from tune_mc1.results.events import score_event
from tune_mc1.results.schema import Row
from tune_mc1.results.settings import settings_of, winners
from tune_mc1.results.writer import ResultWriter
from tune_mc1.terminal.printing import print_result, result_facts

ONCE = GRID.replace("replicates: 2", "replicates: 1")


def printed(frames: SweepFrames) -> str:
    text = StringIO()
    print_result(frames.where, frames.where.read(), Console(file=text, width=200))
    return text.getvalue()


def test_the_winner_by_its_images(tmp_path: Path) -> None:
    frames = write_sweep(tmp_path / "s", ONCE)
    text = printed(frames)
    assert "Search: grid\n" in text
    best = frames.trials["best_val_acc"].max()
    error = (best * (1 - best) / 6) ** 0.5  # a tenth of 60 images
    assert f"Standard error: {error:.4f}, binomial over 6 validation images" in text
    assert "chosen as the best of 4 settings, each at its best epoch" in text
    assert "3 of 3 others cannot be told apart from the best (marked =; unpaired" in text
    assert "2 =" in text
    facts = result_facts(frames.where, frames.where.read())
    assert facts["lead"]["tied"] == (2, 3, 4)
    json.dumps(facts)


def test_two_seeds_are_shown_and_three_have_an_interval(tmp_path: Path) -> None:
    two = printed(write_sweep(tmp_path / "two", GRID))
    assert "In parentheses: the scores of both seeds. An interval needs 3" in two
    three = printed(write_sweep(tmp_path / "three", GRID.replace("replicates: 2", "replicates: 3")))
    assert "[0." in three
    assert "In parentheses" not in three
    assert "in pairs by seed" in three


@pytest.mark.parametrize(
    ("seeds", "metric", "method"),
    [(1, "acc", "binomial"), (2, "acc", "jackknife"), (1, "f1", "jackknife")],
)
def test_report_and_terminal_have_one_error_of_the_test_score(
    tmp_path: Path, seeds: int, metric: str, method: str
) -> None:
    chosen = f"metric: {{name: val_{metric}, goal: maximize}}\n"
    text = chosen + GRID.replace("replicates: 2", f"replicates: {seeds}")
    frames = write_sweep(tmp_path / "s", text)
    best = [row["trial"] for row in winners(frames.where.read())]
    assert len(best) == seeds
    write_predictions(frames.where, best, tiny_images())
    writer = ResultWriter(frames.where, math.inf, frames.where.read())
    scores = {"test_loss": 1.0, "test_acc": 0.75, "test_f1": 0.7}
    writer.write(*(score_event(trial, scores) for trial in best))
    writer.close()
    frames = read_frames(frames.where.root)
    name = f"Standard error of test_{metric}"
    error = dict(make_section(frames, "t", [], speaker("en")).winner)[name]
    assert f"{name}: {error}\n" in printed(frames)
    assert re.fullmatch(rf"0\.\d{{4}}, {method} over 60 test images", error)
    german = dict(make_section(frames, "t", [], speaker("de")).winner)
    assert method in german[f"Standardfehler von test_{metric}"].lower()
    if metric == "f1":
        assert (
            "binomial"
            in dict(make_section(frames, "t", [], speaker("en")).winner)[
                "Standard error of test_acc"
            ]
        )


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_report_says_how_sure_the_winner_is(tmp_path: Path, lang: Lang) -> None:
    frames = write_sweep(tmp_path / "s", ASHA)
    section = make_section(frames, "t", [], speaker(lang))
    facts = dict(section.winner)
    names = {
        "en": ("Standard error", "Runner-up", "Tied with the winner"),
        "de": ("Standardfehler", "Zweitbeste", "Vom Sieger nicht zu unterscheiden"),
    }[lang]
    assert set(names) <= set(facts)
    assert "6 " in facts[names[0]]
    search = {"en": "Search", "de": "Suche"}[lang]
    assert dict(section.facts)[search].startswith("asha: 27")


def test_the_star_stands_on_the_score_that_chose(tmp_path: Path) -> None:
    """At the best epoch, which is neither the last nor one of a trial that went on to the end."""

    def peak(trial: object, epoch: int, row: dict[str, object]) -> dict[str, object]:
        return (
            row | {"val_acc": 0.99} if getattr(trial, "id", "") == "t0003" and epoch == 1 else row
        )

    frames = write_sweep(tmp_path / "s", ASHA, peak)
    context = Context(frames, "en").with_words(WORDS)
    figure = next(asha_rungs(context)).draw()
    stars = [line for line in figure.axes[0].lines if line.get_marker() == "*"]
    assert [list(np.asarray(line.get_ydata())) for line in stars] == [[0.99]]
    plt.close(figure)


def test_importance_with_nulls_and_an_order(tmp_path: Path) -> None:
    text = """
name: conditional
method: random
run_cap: 30
parameters:
  optimizer: {values: [SGD, Adam]}
  momentum: {values: [0.0, 0.5, 0.9]}
  learning_rate: {distribution: log_uniform_values, min: 0.001, max: 0.1}
  weights_init_type: {values: [xavier_normal, default, kaiming_normal], ordinal: true}
  epochs: {value: 2}
"""
    frames = write_sweep(tmp_path / "s", text)
    momentum = frames.trials["momentum"]
    assert (momentum.isna() == (frames.trials["optimizer"] == "Adam")).all()
    found = importance(frames)
    assert {row.parameter for row in found.rows} == set(frames.varied)
    assert "-" in printed(frames)
    section = make_section(frames, "t", [], speaker("en"))
    assert section.winner


LOST = GRID.replace("replicates: 2", "replicates: 3")


def breaks(*, all_of_one: bool) -> Change:
    """Lets the trials of the better setting diverge: one of them in its first epoch, or all."""

    def change(trial: Trial, epoch: int, row: Row) -> Row | None:
        config = trial.config
        best = config.learning_rate == 0.01 and config.batch_size == 32
        first = best and config.seed == 0
        if first or (all_of_one and best and epoch == 5):
            return None
        return row | {"val_acc": 0.9} if best else row

    return change


def test_settings_that_diverged_rank_last_and_none_wins_without_a_word(tmp_path: Path) -> None:
    gone = write_sweep(tmp_path / "gone", LOST, breaks(all_of_one=True))
    text = printed(gone)
    ranked = [line.split() for line in text.splitlines() if " of 3" in line][:4]
    assert ranked[-1][:3] == ["4", "32", "0.01"]
    assert text.count("3 of 3\n") == 1
    assert (
        "1 setting with a score ranks last, as all its trials diverged or failed (show --rank score"
        in text
    )
    assert "chosen as the best of 3 settings" in text
    facts = result_facts(gone.where, gone.where.read())
    assert (facts["winner"]["diverged"], facts["lead"]["set_aside"]) == (0, 1)
    views = make_section(gone, "t", [], speaker("en")).tables
    shown = next(view for view in views if "Diverged" in view.columns)
    assert [row[-1].text for row in shown.rows] == ["–", "–", "–", "3 of 3"]
    assert "Settings whose trials all diverged or failed" in shown.note
    assert Context(gone, "en").winner is not None
    by_score = gone.where.read()
    by_score.rank = "score"
    assert settings_of(by_score)[0].losses == "3 of 3 diverged"
    winner = dict(make_section(replace(gone, rank="score"), "t", [], speaker("de")).winner)
    assert winner["Abgebrochene Trials"].startswith("3 von 3 Trials dieser Einstellung sind diver")


def test_a_winner_of_which_a_trial_diverged_has_a_word(tmp_path: Path) -> None:
    partly = write_sweep(tmp_path / "s", LOST, breaks(all_of_one=False))
    text = printed(partly)
    assert "Of the best setting's trials, 1 of 3 diverged (each counts with its best epoch" in text
    assert "the best setting without such trials is that of t000" in text
    winner = dict(make_section(partly, "t", [], speaker("en")).winner)
    assert winner["Trials that broke off"].startswith("1 of 3 trials of this setting diverged or f")
    assert (
        "best setting without: batch_size=32, learning_rate=0.1 (t0007"
        in winner["Trials that broke off"]
    )
