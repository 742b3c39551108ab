"""What is said of the winner, in the terminal and in reports, and of trials without a parameter."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from rich.console import Console

from tests.support.figure_sweeps import ASHA, GRID, write_sweep
from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.figures.asha_rungs import WORDS, asha_rungs
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.sections import make_section
from tune_mc1.reporting.statistics.importance import importance
from tune_mc1.reporting.words.page_texts import speaker
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
