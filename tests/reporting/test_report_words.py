"""What a report says, and what it leaves unsaid."""

import html
import re
from pathlib import Path

import pytest

from tests.support.figure_sweeps import ASHA, GRID, tiny_images, write_predictions, write_sweep
from tune_mc1.reporting.frames import read_frames
from tune_mc1.reporting.pages.sections import warnings
from tune_mc1.reporting.pages.views import cell, interval_cell, p_cell
from tune_mc1.reporting.words.page_texts import speaker
from tune_mc1.reporting.write_report import unique_names, write_report
from tune_mc1.results.recall import class_recalls

pytestmark = pytest.mark.usefixtures("quick_figures")

SCALED = "Scaled down: 25 % of the images. The published study used everything."


def text_of(page: Path) -> str:
    """The text of a page, without code, styles and tags."""
    bare = re.sub(r"<(style|script|pre|details).*?</\1>", "", page.read_text(), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", bare))


def test_sweeps_of_one_name_have_labels_of_their_own(tmp_path: Path) -> None:
    for place in ("a", "b"):
        write_sweep(tmp_path / place / "tiny", GRID)
    folders = [tmp_path / "a" / "tiny", tmp_path / "b" / "tiny"]
    frames = [read_frames(folder) for folder in folders]
    assert unique_names(frames) == ["a/tiny", "b/tiny"]
    assert unique_names([frames[0], frames[0]]) == ["a/tiny (1)", "a/tiny (2)"]
    page = write_report(folders, tmp_path / "report", "en").read_text()
    assert re.findall(r'<section id="([^"]+)"><h2>([^<]+)<', page)[-2:] == [
        ("a-tiny", "a/tiny"),
        ("b-tiny", "b/tiny"),
    ]
    figures = {p.parent.name for p in (tmp_path / "report" / "figures").glob("*/*.png")}
    assert {"a-tiny", "b-tiny"} <= figures
    assert 'alt="a/tiny and b/tiny"' in page


@pytest.mark.parametrize("study", [True, False])
def test_only_a_study_was_published(tmp_path: Path, study: bool) -> None:
    text = GRID if study else GRID.partition("reference:")[0]
    frames = write_sweep(tmp_path / "r", text + "limit_images: 0.25\n")
    said = warnings(frames, speaker("en"))
    assert (SCALED in said) == study
    assert any(line.startswith("Only 25 % of the images were used") for line in said) != study


def test_the_winner_by_class_and_against_a_guess(tmp_path: Path) -> None:
    frames = write_sweep(tmp_path / "r", GRID.replace("replicates: 2", "replicates: 1"))
    best = frames.trials.sort_values("best_val_acc")["trial"].iloc[-1]
    write_predictions(frames.where, [best], tiny_images())
    page = write_report([tmp_path / "r"], tmp_path / "report", "en", examples=False)
    text = text_of(page)
    guess = "test_acc 0.1000 for always guessing one class; all have as many images"
    assert f"Majority baseline{guess}" in text
    found = class_recalls(frames.where, list(map(str, range(10))), [best])
    assert len(found) == 10
    for own in found:
        if own.precision:
            assert own.f1 == pytest.approx(2 / (1 / own.recall + 1 / own.precision))
    assert "PrecisionF1" in "".join(text.split("\n"))


def test_a_summary_says_how_far_the_best_can_be_trusted(tmp_path: Path) -> None:
    write_sweep(tmp_path / "grid", GRID)
    text = text_of(write_report([tmp_path / "grid"], tmp_path / "report", "en"))
    best = r"The best one \((\w+=[\d.]+(, )?){2}\) reached 0\.\d+ \([\d., ]+\)"
    assert re.search(rf"4 settings were compared\. {best} \(validation accuracy\)\.", text)
    assert re.search(r"settings cannot be told apart from it|Every other setting is worse", text)
    german = text_of(write_report([tmp_path / "grid"], tmp_path / "bericht", "de"))
    assert "4 Einstellungen wurden verglichen." in german


def test_a_page_says_a_thing_once(tmp_path: Path) -> None:
    write_sweep(tmp_path / "r", ASHA)
    said = text_of(write_report([tmp_path / "r"], tmp_path / "report", "en"))
    note = "Settings also differ in the other parameters, so curves may lie close together even"
    assert said.count(note) == 1
    assert said.count("Learning curves by ") == 2
    slides = (tmp_path / "report" / "slides.md").read_text()
    assert slides.count(note) == 2


@pytest.mark.parametrize("text", [GRID, ASHA])
def test_no_backticks_and_no_hyphens_for_minus_signs(tmp_path: Path, text: str) -> None:
    write_sweep(tmp_path / "r", text)
    said = text_of(write_report([tmp_path / "r"], tmp_path / "report", "en"))
    assert "`" not in said
    assert not re.search(r"(?<![\w.,-])-\d", said)


def test_the_curves_of_the_best_setting_are_by_the_metric(tmp_path: Path) -> None:
    text = GRID.replace("method: grid", "method: grid\nmetric: {name: val_f1, goal: maximize}")
    write_sweep(tmp_path / "r", text)
    said = text_of(write_report([tmp_path / "r"], tmp_path / "report", "en"))
    assert "Cross-entropy loss and macro F1 of the best setting" in said
    assert "Validation macro F1" in said
    assert "alidation accuracy" not in said


def test_cells() -> None:
    shown = [p_cell(p).text for p in (0.0004, 0.0006, 1.0)]
    assert shown == ["< 0.001", "0.001", "1.000"]
    assert (cell(-0.5, 2).text, cell(-0.5, 2).key) == ("−0.50", -0.5)
    assert interval_cell(-0.1, 0.2).text == "−0.100 … 0.200"
