"""A sweep that has run, as Python sees it: tables, trials, figures, what is refused."""

import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tune_mc1
from tests.support.api_sweeps import digits_sweep
from tests.support.in_process import run_here
from tests.support.program_sweeps import METRIC, ODD, write_program_sweep

OLD = Path(__file__).parents[1] / "running" / "before" / "interrupted"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits_sweep(tmp_path_factory.mktemp("api"))


def test_tables_are_those_of_the_files(root: Path) -> None:
    sweep = tune_mc1.open(root)
    for mine, file in ((sweep.trials, "trials"), (sweep.history, "history")):
        pd.testing.assert_frame_equal(mine, pd.read_parquet(root / f"{file}.parquet"))
    settings = pd.read_parquet(root / "settings.parquet")
    pd.testing.assert_frame_equal(sweep.settings, settings)
    assert (sweep.status, sweep.states, len(sweep)) == ("finished", {"completed": 2}, 2)
    assert (sweep.metric, sweep.maximize) == ("val_acc", True)
    sweep.wait()  # nothing runs
    sweep.stop()


def test_trials_are_read_without_what_takes_time_to_import(root: Path) -> None:
    code = f"import sys, tune_mc1; tune_mc1.open({str(root)!r}).trials; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = (
        "tune_mc1.config.",
        "tune_mc1.results.tables",
        "pydantic",
        "rich.table",
        "torch",
        "ray.",
    )
    assert [name for name in done.stdout.split() if name.startswith(slow)] == []


def test_a_trial_has_its_parameters_metrics_and_log(root: Path) -> None:
    sweep = tune_mc1.open(root)
    best = sweep.best
    assert best.score == sweep.trials["best_val_acc"].max()
    assert best.config["learning_rate"] in (0.01, 0.03)
    assert best.config["image_size"] == 16
    assert best.metrics["val_acc"] == best.score
    assert best.metrics["test_acc"] == sweep.trials.set_index("trial").loc[best.id, "test_acc"]
    assert list(best.history["epoch"]) == [1]
    assert [trial.id for trial in sweep.best_trials] == [best.id]
    assert "CNN_simple" in best.log
    assert [path.name for path in best.files] == ["best.ckpt", "last.ckpt"]
    assert [trial.id for trial in sweep] == ["t0001", "t0002"]
    assert sweep["t0002"].state == "completed"


def test_a_notebook_shows_what_there_is(root: Path) -> None:
    sweep = tune_mc1.open(root)
    page = sweep._repr_html_()
    assert "2 of 2 trials ended" in page
    assert page.count("<tr>") == 3
    assert "<th>learning_rate</th>" in page
    figure = sweep.plot("curves")
    assert figure.get_axes()
    with pytest.raises(tune_mc1.InputError, match=r"must be one of .*curves.*, got 'nothing'"):
        sweep.plot("nothing")


def test_a_notebook_shows_a_trial(root: Path) -> None:
    """Its parameters have all digits, and those in which trials differ come first."""
    trial = tune_mc1.open(root).best
    page = trial._repr_html_()
    assert f"<b>{trial.id}</b> of {root.name}" in page
    assert "<th>state</th><td>completed at epoch 1</td>" in page
    assert f"<th>test_acc</th><td>{trial.metrics['test_acc']:.4f}</td>" in page
    varies, shared = page.split("<details>")
    assert f"<th>learning_rate</th><td>{trial.config['learning_rate']}</td>" in varies
    assert "<th>model</th><td>CNN_simple</td>" in shared
    assert "<th>val_acc</th>" in page.split("</details>")[1]


def test_what_does_not_exist_is_refused_in_one_line(root: Path, tmp_path: Path) -> None:
    with pytest.raises(tune_mc1.InputError, match="has no trial 't0009'"):
        tune_mc1.open(root)["t0009"]
    with pytest.raises(tune_mc1.InputError, match="not a result directory"):
        tune_mc1.open(tmp_path)
    with pytest.raises(tune_mc1.InputError, match="s3://"):
        tune_mc1.open("ftp://host/sweep")
    best = tune_mc1.open(root).best
    with pytest.raises(tune_mc1.InputError, match=r"device: Expected one of .*, got 'nowhere'"):
        best.load_model(device="nowhere")
    with pytest.raises(tune_mc1.InputError, match=r"images: must be paths, .* got int"):
        best.predict(3)  # type: ignore[arg-type]
    with pytest.raises(tune_mc1.InputError, match="batch_size: must be at least 1, got 0"):
        best.load_model().predict(np.zeros((1, 8, 8, 1), np.uint8), batch_size=0)
    for draw in (tune_mc1.open(root).plot, tune_mc1.open(root).report):
        with pytest.raises(tune_mc1.InputError, match="lang: must be en or de, got 'fr'"):
            draw(lang="fr")  # type: ignore[arg-type]


def test_a_directory_of_an_earlier_version_has_models_too(tmp_path: Path) -> None:
    root = tmp_path / "old"
    shutil.copytree(OLD, root)
    sweep = tune_mc1.open(root)
    assert (sweep.status, sweep.best.id) == ("interrupted", "t0001")
    model = sweep.best.load_model()
    assert (model.classes, model.image_shape) == (("0", "1", "2", "3"), (3, 12, 12))
    checkpoint = sweep.best.checkpoint
    assert checkpoint is not None
    with pytest.raises(tune_mc1.InputError, match="does not describe its network"):
        tune_mc1.ImageClassifier.load_from_checkpoint(checkpoint)
    with pytest.raises(tune_mc1.InputError, match="no such checkpoint; t0003 is pending"):
        sweep["t0003"].load_model()


def test_the_command_predicts_as_python_does(root: Path, tmp_path: Path) -> None:
    images = root.parents[1] / "digits"
    done = run_here("predict", root, images / "digit3", "--csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(StringIO(done.stdout))
    found = tune_mc1.open(root).best.predict(images / "digit3")
    assert list(table["path"]) == [str(path) for path in found.paths or ()]
    assert list(table["predicted"]) == found.labels
    probabilities = table[list(found.classes)].to_numpy()
    assert np.allclose(probabilities, found.probabilities, atol=1e-5)
    shown = run_here("predict", root, images / "digit3", cwd=tmp_path)
    assert str(images / "digit3") in shown.stdout
    assert found.labels[0] in shown.stdout
    bad = run_here("predict", root, images / "none.png", cwd=tmp_path)
    assert (bad.returncode, bad.stderr) == (2, f"{images / 'none.png'}: no such file\n")


def test_a_program_has_its_values_and_its_own_files(tmp_path: Path) -> None:
    where = write_program_sweep(tmp_path / "odd", ODD)
    left = where.checkpoints("t0001") / "weights" / "net.h5"
    left.parent.mkdir(parents=True)
    left.write_text("of the program")
    sweep = tune_mc1.open(where.root)
    assert sweep.metric == METRIC
    assert {tuple(trial.config["hidden-layers"]) for trial in sweep} <= {
        *((32,), (32, 64), (64, 64, 128)),
    }
    trial = sweep["t0001"]
    assert trial.files == [left]
    assert METRIC in trial.metrics
    done = run_here("predict", where.root, left, "--trial", "t0001", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        f"{where.root}: t0001 is a run of a program, not of a network; it left in {trial.path}: "
        "weights/net.h5\n",
    )
