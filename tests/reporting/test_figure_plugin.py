"""A figure of another package is one file; a parameter or metric without a label breaks nothing."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.examples import example
from tests.support.figure_sweeps import GRID, write_sweep
from tests.support.plugins import write_plugin
from tune_mc1.config.metrics import METRICS
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.figure_sets import compare_figures, make_figures

ROOT = Path(__file__).parents[2]

PLUGIN = example("distribution.py")
FEW = "name: few\nmethod: grid\nparameters: {epochs: {value: 2}, batch_size: {values: [32, 64]}}\n"


def python(folder: Path, *words: str) -> str:
    """Runs Python where the plugin of a folder is installed."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


PARAMETER = """
from tune_mc1.config.trial_parameters import PARAMETERS, TrialParameter

PARAMETERS.register("warm_rounds", TrialParameter(int, 0))
"""
WARMUP = """
name: warm
method: grid
parameters:
  warm_rounds: {values: [0, 1, 2]}
  learning_rate: {values: [0.01, 0.1]}
  epochs: {value: 2}
"""
WRITE = """
import sys
from pathlib import Path
from tests.support.figure_sweeps import write_sweep
write_sweep(Path("results"), sys.argv[1])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two plugins, and the German report that the command made of a sweep."""
    folder = tmp_path_factory.mktemp("installed")
    write_plugin(folder, PLUGIN)
    write_plugin(folder, PARAMETER, "my_parameter")
    python(folder, "-c", WRITE, WARMUP)
    python(folder, "-m", "tune_mc1", "report", "results", "--lang", "de")
    return folder


def test_a_figure_of_another_package_stands_in_the_report(installed: Path) -> None:
    report = installed / "results" / "report"
    title = "Verteilung: Validierungsgenauigkeit"
    assert (report / "figures" / "warm" / "distribution.png").is_file()
    svg = (report / "figures" / "warm" / "distribution.svg").read_text()
    assert title in svg
    assert "Daten: made-up" in svg  # the foot
    page = (report / "report.html").read_text()
    titles = ["Lernkurven aller Trials", title, "Validierungsgenauigkeit nach Lernrate und"]
    places = [page.find(f"<b>{text}") for text in titles]
    assert -1 not in places
    assert places == sorted(places)
    assert "Trials nach Validierungsgenauigkeit, beste Epoche." in page
    slides = (report / "slides.md").read_text()
    assert f"warm: {title}\n\n![](figures/warm/distribution.png)" in slides


def test_a_parameter_without_a_label_is_called_by_its_name(installed: Path) -> None:
    report = installed / "results" / "report"
    assert (report / "figures" / "warm" / "curves_warm_rounds.png").is_file()
    assert "<b>Lernkurven nach warm_rounds.</b>" in (report / "report.html").read_text()
    assert "Warm_rounds" in (report / "figures" / "warm" / "parallel.svg").read_text()


def test_a_figure_of_another_package_says_why_it_is_left_out(
    installed: Path, tmp_path: Path
) -> None:
    write_sweep(tmp_path / "few", FEW)
    code = (
        "import sys\nfrom pathlib import Path\nfrom tune_mc1.reporting.frames import read_frames\n"
        "from tune_mc1.reporting.figure_sets import make_figures\n"
        "print(make_figures(read_frames(Path(sys.argv[1])), 'en').left_out[0])"
    )
    said = python(installed, "-c", code, str(tmp_path / "few"))
    assert said.strip() == "No distribution: fewer than five trials."


def test_a_plugin_of_a_figure_imports_no_drawing_library(installed: Path) -> None:
    code = (
        "import sys\nfrom tune_mc1.registry import load_plugins\nload_plugins()\n"
        "print(sorted({'matplotlib', 'pandas', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    assert python(installed, "-c", code).strip() == "[]"


def test_a_metric_without_a_label_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = write_sweep(tmp_path / "r", GRID)
    bare = replace(METRICS["acc"], words={}, split_words={})
    monkeypatch.setitem(METRICS._parts, "acc", bare)
    found = [*make_figures(frames, "en"), *compare_figures([frames, frames], "en")]
    assert {"heatmap_learning_rate_batch_size", "compare_winners"} < {spec.name for spec in found}
    for spec in found:
        spec.figure()
        assert "val_acc" in spec.caption.lower() or spec.name == "overfitting"


def test_figures_of_one_name_do_not_overwrite_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = write_sweep(tmp_path / "r", GRID)
    names = [spec.name for spec in make_figures(frames, "en")]
    again = FigureKind(order=1000, build=FIGURES["parallel"].build, words=FIGURES["parallel"].words)
    monkeypatch.setitem(FIGURES._parts, "again", again)
    found = [spec.name for spec in make_figures(frames, "en")]
    assert found == [*names, f"parallel_{len(names)}"]
