"""Files of figures: valid, the same in every run, and made of whatever a sweep may hold."""

import re
import subprocess
import sys
import warnings
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
import yaml
from PIL import Image

from tests.support.figure_reading import words
from tests.support.figure_sweeps import ASHA, CLASSES, GRID, Change, write_sweep
from tests.support.in_process import sweep_here
from tune_mc1.data.images import ImageData
from tune_mc1.reporting.drawing.spec import save
from tune_mc1.reporting.drawing.style import RC
from tune_mc1.reporting.figure_sets import FigureSet, compare_figures, make_figures
from tune_mc1.reporting.frames import SweepFrames, read_frames


def save_all(found: FigureSet, folder: Path) -> dict[str, bytes]:
    """Every file by its name; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for spec in found:
            save(spec, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lay_out(found: FigureSet) -> None:
    """Draws and lays out every figure; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for spec in found:
            with mpl.rc_context(RC):
                spec.draw().draw_without_rendering()


def test_files_are_valid_small_and_equal_in_every_run(tmp_path: Path) -> None:
    frames = write_sweep(tmp_path / "r", ASHA)
    first = save_all(make_figures(frames, "en"), tmp_path / "a")
    again = save_all(make_figures(read_frames(tmp_path / "r"), "en"), tmp_path / "b")
    assert first == again
    assert len(first) == 3 * len(make_figures(frames, "en"))
    for name, content in first.items():
        assert len(content) < 200_000, name
        if name.endswith(".svg"):
            root = ElementTree.fromstring(content)
            texts = [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text")]
            assert any("made-up" in text for text in texts), name
            assert b"<dc:date>" not in content
            ids = [e.get("id") for e in root.iter() if e.get("id")]
            used = set(re.findall(r'(?:href="|url\()#([^")]+)', content.decode()))
            assert used <= set(ids), name
        else:
            with Image.open(tmp_path / "a" / name) as image:
                assert image.format == "PNG"
                assert 1000 <= image.width <= 1400


def test_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    frames = write_sweep(tmp_path / "r", GRID)
    here = save(make_figures(frames, "en")["curves"], tmp_path / "a")
    code = (
        "import sys; from pathlib import Path\n"
        "from tune_mc1.reporting.frames import read_frames\n"
        "from tune_mc1.reporting.drawing.spec import save\n"
        "from tune_mc1.reporting.figure_sets import make_figures\n"
        "save(make_figures(read_frames(Path(sys.argv[1])), 'en')['curves'], Path(sys.argv[2]))\n"
        "assert not {'torch', 'ray', 'matplotlib.pyplot'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "r"), str(tmp_path / "b")]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    for path in here:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


ONE = "method: grid\nparameters: {epochs: {value: 1}, model: {value: CNN}}\n"
LOSSES = GRID.replace("method: grid", "method: grid\nmetric: {name: val_loss}")
WIDE = """
method: random
run_cap: 12
name: "a sweep with $ in its name, and one that goes on and on and on and on and on and on"
parameters:
  model: {values: [MLP, CNN_simple, CNN, CNN2, CNN3, CNN4, CNN5, CNN6, CNN7]}
  learning_rate: {distribution: log_uniform_values, min: 1.0e-6, max: 100}
  batch_size: {distribution: int_uniform, min: 1, max: 1000000}
  weight_decay: {values: [0, 1.0e-5, 0.1]}
  momentum: {distribution: uniform, min: 0, max: 0.99}
  weights_init_type: {values: [default, kaiming_normal, kaiming_uniform]}
  shuffle: {values: [true, false]}
  precision: {values: ["32", bf16-mixed]}
  epochs: {values: [1, 2, 7]}
"""


def _equal(trial: object, epoch: int, values: dict[str, object]) -> dict[str, object]:
    return {name: 0.5 if isinstance(v, float) else v for name, v in values.items()}


def _far(trial: object, epoch: int, values: dict[str, object]) -> dict[str, object]:
    far = 1e30 if getattr(trial, "id", "") == "t0002" else 1.0
    return values | {"val_loss": far, "train_loss": far * 2}


def _lost(trial: object, epoch: int, values: dict[str, object]) -> dict[str, object]:
    return values | dict.fromkeys(("val_acc", "val_loss", "train_loss"), None)


def _none(trial: object, epoch: int, values: dict[str, object]) -> None:
    return None


def _gone(trial: object, epoch: int, values: dict[str, object]) -> dict[str, object] | None:
    return values if getattr(trial, "id", "") == "t0001" or epoch < 2 else None


@pytest.mark.parametrize(
    ("text", "change", "fewest"),
    [
        pytest.param(ONE, None, 1, id="one trial, one epoch"),
        pytest.param(ONE.replace("CNN}", "CNN2}") + "replicates: 2\n", None, 2, id="two seeds"),
        pytest.param(GRID, _equal, 5, id="equal values"),
        pytest.param(GRID, _lost, 0, id="no finite value"),
        pytest.param(GRID, _none, 0, id="all diverged at once"),
        pytest.param(GRID, _gone, 5, id="all but one diverged"),
        pytest.param(LOSSES, None, 5, id="a loss as metric"),
        pytest.param(LOSSES, _far, 5, id="a loss far off"),
        pytest.param(WIDE, None, 8, id="many parameters"),
        pytest.param(GRID + "validation: {folds: 3}\n", None, 6, id="folds and replicates"),
    ],
)
def test_any_sweep_gives_figures_or_none(
    tmp_path: Path, text: str, change: Change | None, fewest: int
) -> None:
    frames = write_sweep(tmp_path / "r", text, change)
    found = make_figures(frames, "de")
    lay_out(found)
    assert len(found) >= fewest
    assert found.specs or found.left_out
    lay_out(compare_figures([frames, frames], "de"))


def save_none(found: FigureSet) -> None:
    assert not found.specs
    assert "no trial has finished an epoch" in found.left_out[0]


def test_a_sweep_that_has_not_begun_has_no_figures(tmp_path: Path) -> None:
    frames = write_sweep(tmp_path / "r", GRID, _none, ended=0)
    save_none(make_figures(frames, "en"))
    assert len(compare_figures([frames], "en")) == 0


def test_a_loss_far_off_is_said_to_be_cut(tmp_path: Path) -> None:
    frames = write_sweep(tmp_path / "r", LOSSES, _far)
    figure = make_figures(frames, "en")["curves"].figure()
    assert "higher losses are cut off" in words(figure)
    assert figure.axes[0].get_ylim()[1] < 100


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> SweepFrames:
    """Six trials of a real sweep, scored on the test images."""
    content = yaml.safe_load(
        f"name: real\nmethod: grid\ndata: {image_dir}\nreplicates: 2\nparameters:\n"
        "  learning_rate: {values: [0.01, 0.03]}\n  batch_size: {values: [32, 64]}\n"
        "  model: {value: CNN_simple}\n  epochs: {value: 2}\n"
    )
    ran = sweep_here(tmp_path_factory.mktemp("real"), content, "grid", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    return read_frames(ran.root)


def test_a_real_sweep_has_its_figures(real: SweepFrames, images: ImageData) -> None:
    found = make_figures(real, "en", images)
    names = {spec.name for spec in found}
    assert {"curves", "curves_batch_size", "overfitting", "confusion", "mistakes"} <= names
    assert not found.left_out
    lay_out(found)
    accuracy = float(real.trials["test_acc"].dropna().mean())
    assert f"accuracy {accuracy:.3f}" in found["confusion"].caption
    assert len(CLASSES) == len(images.classes)
