"""The report on a real sweep: the page in a real browser, the slides, and what they say."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.support.in_process import sweep_here
from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.conclusions.verdicts import Verdict
from tune_mc1.reporting.frames import read_frames
from tune_mc1.reporting.pages.slides import result_text
from tune_mc1.reporting.statistics.estimate import Estimate
from tune_mc1.reporting.statistics.more_units import MoreUnits
from tune_mc1.reporting.words.page_texts import TEXTS, speaker
from tune_mc1.reporting.words.text import Text
from tune_mc1.reporting.write_report import verdict_row, write_report
from tune_mc1.results.directory import ResultDir

ROOT = Path(__file__).parents[2]

SWEEP = """\
name: layers_and_units
description: A <b>small</b> sweep & more
method: grid
parameters:
  model: {values: [CNN, CNN2]}
  learning_rate: {values: [0.01, 0.05]}
  epochs: {value: 2}
replicates: 2
reference:
  source: MC1
  outcomes:
    - {where: {model: CNN}, epoch: 2, val_acc: 0.3, curve: [0.2, 0.3]}
"""


@pytest.fixture(scope="module")
def sweep_dir(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Path:
    """The result directory of a real sweep of 4 settings by 2 seeds."""
    folder, words = tmp_path_factory.mktemp("sweep"), ("--wandb", "disabled")
    ran = sweep_here(folder, yaml.safe_load(SWEEP), "grid", "--data", image_dir, *words)
    assert ran.status == 0, ran.err
    return ran.root


@pytest.fixture(scope="module")
def page(sweep_dir: Path, coarse_figures: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([sweep_dir], tmp_path_factory.mktemp("report"), "en")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_a_browser(browser: Any, page: Path, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    tab = context.new_page()
    said: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page.as_uri())
    tab.wait_for_load_state("networkidle")
    assert said == []
    assert [url for url in requests if not url.startswith("data:")] == [page.as_uri()]
    widths = tab.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth)")
    assert widths
    assert min(widths) > 300
    ink, paper = (tab.evaluate(f"getComputedStyle(document.body).{n}") for n in PROPERTIES)
    assert (brightness(paper) > brightness(ink)) == (scheme == "light")
    context.close()


PROPERTIES = ("color", "backgroundColor")


def brightness(color: str) -> int:
    return sum(int(part) for part in re.findall(r"\d+", color)[:3])


def test_trial_table_sorts(browser: Any, page: Path) -> None:
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.as_uri())
    table = tab.locator("table.sortable").last
    heads = table.locator("th").all_inner_texts()
    column = next(i for i, name in enumerate(heads) if name.startswith("Best val_acc"))

    def scores() -> list[float]:
        cells = table.locator(f"tbody tr td:nth-child({column + 1})").all_inner_texts()
        return [float(text) for text in cells]

    assert len(scores()) == 8
    table.locator("th button").nth(column).click()
    assert scores() == sorted(scores())
    assert table.locator("th").nth(column).get_attribute("aria-sort") == "ascending"
    table.locator("th button").nth(column).click()
    assert scores() == sorted(scores(), reverse=True)
    context.close()


def test_page_says_what_was_found(page: Path, sweep_dir: Path) -> None:
    text = page.read_text()
    frames = read_frames(sweep_dir)
    best = frames.trials.groupby("config_hash")["best_val_acc"].mean().max()
    assert f"val_acc {best:.4f}" in text
    tested = frames.trials["test_acc"].dropna()
    assert len(tested) == 2, "both seeds of the winner"
    assert f"test_acc {tested.mean():.4f}" in text
    assert "A &lt;b&gt;small&lt;/b&gt; sweep &amp; more" in text
    assert "replicates: 2" in text
    assert frames.provenance["git_commit"].split("+")[0] in text
    assert text.count('src="data:image/webp;base64,') > 3


def test_predictions_agree_with_the_test_score(sweep_dir: Path) -> None:
    rows = pd.read_parquet(ResultDir(sweep_dir).predictions)
    right = (rows["label"] == rows["predicted"]).groupby(rows["trial"]).mean()
    trials = read_frames(sweep_dir).trials.set_index("trial")
    assert right.to_dict() == pytest.approx(trials.loc[right.index, "test_acc"].to_dict())


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize("lang", ["en", "de"])
def test_slides_show_figures_that_are_there(sweep_dir: Path, tmp_path: Path, lang: Lang) -> None:
    write_report([sweep_dir], tmp_path, lang)
    slides = (tmp_path / "slides.md").read_text()
    assert slides.startswith("---\nmarp: true\n")
    names = re.findall(r"!\[[^]]*\]\(([^)]+)\)", slides)
    assert len(names) > 3
    figures = [s for s in slides.split("\n---\n")[2:] if "![" in s]
    assert len(figures) == len(names)
    # only the class's style keeps a caption on its slide
    assert all("<!-- _class: figure -->" in s and "<small>" in s for s in figures)
    assert "section.figure" in slides.split("\n---\n")[0]
    assert all((tmp_path / name).is_file() for name in names)
    assert all((tmp_path / name).with_suffix(".svg").is_file() for name in names)
    assert ("Fazit zur Modellkomplexität" in slides) == (lang == "de")
    assert ("What to keep in mind" in slides) == (lang == "en")


@pytest.mark.usefixtures("quick_figures")
def test_report_of_an_unfinished_sweep_says_so(sweep_dir: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.mkdir()
    for name in ("sweep.yaml", "provenance.json"):
        shutil.copy(sweep_dir / name, cut / name)
    lines = (sweep_dir / "journal.jsonl").read_bytes().splitlines(keepends=True)
    ends = [i for i, line in enumerate(lines) if b'"event":"end"' in line]
    (cut / "journal.jsonl").write_bytes(b"".join(lines[: ends[2] + 1]))
    text = write_report([cut], tmp_path / "report", "en").read_text()
    assert "Unfinished: 3 of 8 trials have ended" in text


@pytest.mark.usefixtures("quick_figures")
def test_several_sweeps_stand_side_by_side(sweep_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(sweep_dir, other)
    text = write_report([sweep_dir, other], tmp_path / "report", "de").read_text()
    assert 'id="compared"' in text
    assert "Nebeneinander" in text
    assert f'id="{other.name}"' in text


@pytest.mark.usefixtures("quick_figures")
def test_published_tables_make_the_same_report(sweep_dir: Path, tmp_path: Path) -> None:
    write_report([sweep_dir], tmp_path / "a", "en", tables=True, examples=False)
    copy = tmp_path / "a" / "layers_and_units"
    assert {p.name for p in copy.iterdir()} == {
        "trials.parquet",
        "history.parquet",
        "settings.parquet",
        "predictions.parquet",
        "sweep.yaml",
        "provenance.json",
    }
    private = [os.uname().nodename, str(sweep_dir.parent)]
    for path in copy.iterdir():
        text = pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text()
        assert not [p for p in private if p in text], path.name
    again = write_report([copy], tmp_path / "b", "en", examples=False).read_text()
    tables = re.compile(r"<table.*?</table>", re.DOTALL)
    assert tables.findall(again) == tables.findall((tmp_path / "a" / "report.html").read_text())


def test_every_text_is_there_in_both_languages_with_the_same_values() -> None:
    for key, (en, de) in TEXTS.items():
        assert en, key
        assert de, key
        names = re.compile(r"\{(\w+)")
        assert sorted(names.findall(en)) == sorted(names.findall(de)), key


@pytest.mark.parametrize(("seeds", "said"), [(1, "confirmed, on one seed"), (3, "confirmed")])
def test_a_verdict_on_one_seed_says_so(seeds: int, said: str) -> None:
    effect = Estimate(0.05, 0.04, 0.06, n=20, trials=40, seeds=seeds)
    decided = MoreUnits(0, Text("Decided.", "Entschieden."))
    words = [Text(word, word) for word in ("statement", "compared", "measured", "reason")]
    verdict = Verdict(
        id="batch_size_64",
        slide="",
        studies=("first_grid",),
        statement=words[0],
        result="confirmed",
        compared=words[1],
        effect=effect,
        published=0.04,
        p=0.001,
        measured=words[2],
        reason=words[3],
        more=decided,
    )
    row = verdict_row(verdict, "en")
    assert result_text(row, speaker("en")) == said
    assert row.reason == "measured: reason"
