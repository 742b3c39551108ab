"""A trial parameter, an augmentation and a metric of other packages, a file each, in one sweep."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.support.examples import example
from tests.support.faults import driving, result_dir
from tests.support.plugins import write_plugin
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.results.directory import ResultDir

PARAMETER = example("ramp.py")

AUGMENTATION = example("brightness.py")

METRIC = example("balanced_acc.py")

SWEEP = {
    "metric": {"name": "val_balanced_acc", "goal": "maximize"},
    "parameters": {
        "model": {"value": "CNN_simple"},
        "epochs": {"value": 2},
        "augment": {"values": ["none", "flip+brightness"]},
        "ramp": {"values": [0.0, 0.5]},
    },
}


ONE = ("--max-concurrent", "1", "--wandb", "disabled")


@dataclass
class Run:
    where: ResultDir
    out: str
    env: dict[str, str]


@pytest.fixture(scope="module")
def run(image_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("own-parts")
    (folder / "site").mkdir()
    for name, code in (("ramp", PARAMETER), ("brightness", AUGMENTATION), ("balance", METRIC)):
        write_plugin(folder / "site", code, name)
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump({**SWEEP, "data": str(image_dir)}))
    env = {"PYTHONPATH": f"{folder / 'site'}:{Path(__file__).parents[2]}"}
    command = ("sweep", "grid", file, "-o", folder / "out", *ONE)
    with driving(*command, cwd=folder, **env) as driver:
        assert driver.wait() == 0, driver.err
        yield Run(ResultDir(result_dir(folder / "out")), driver.out, env)


def test_a_parameter_has_a_typed_column_and_its_default_changes_no_hash(run: Run) -> None:
    table = pq.read_table(run.where.trials)
    assert table.schema.field("ramp").type == pa.float64()
    rows = table.to_pylist()
    assert [row["ramp"] for row in rows] == [0.0, 0.5] * 2
    from tune_mc1.config.trial import TrialConfig

    plain = TrialConfig(model="CNN_simple", epochs=2)
    assert rows[0]["config_hash"] == plain.config_hash != rows[1]["config_hash"]
    assert "ramp" in run.out


def test_an_augmentation_changes_the_training_alone(run: Run) -> None:
    rows = pq.read_table(run.where.trials).to_pylist()
    assert [row["augment"] for row in rows] == ["none"] * 2 + ["flip+brightness"] * 2
    first, same, other, _ = (row["last_train_loss"] for row in rows)
    assert first == pytest.approx(same, rel=1e-3)
    assert abs(first - other) > 1e-3


def test_a_metric_is_optimised_and_is_that_of_scikit_learn(run: Run) -> None:
    from sklearn.metrics import balanced_accuracy_score

    history = pq.read_table(run.where.history).to_pandas()
    trials = pq.read_table(run.where.trials).to_pandas().set_index("trial")
    best = history.groupby("trial")["val_balanced_acc"].max()
    assert (trials["best_val_balanced_acc"] == best.reindex(trials.index)).all()
    assert "best val_balanced_acc" in run.out
    winner = best.reindex(trials.index).idxmax()
    predictions = pq.read_table(run.where.predictions).to_pandas()
    assert set(predictions["trial"]) == {winner}
    score = balanced_accuracy_score(predictions["label"], predictions["predicted"])
    assert trials.loc[winner, "test_balanced_acc"] == pytest.approx(score, abs=1e-12)


def test_a_report_calls_both_by_their_labels(run: Run, tmp_path: Path) -> None:
    command = ("report", run.where.root, "-o", tmp_path / "report", "--lang", "de")
    with driving(*command, cwd=tmp_path, **run.env) as driver:
        assert driver.wait() == 0, driver.err
    page = next((tmp_path / "report").glob("*.html")).read_text()
    assert "alancierte Genauigkeit" in page
    assert "elligkeitsrampe" in page


def test_results_are_read_where_the_packages_are_not_installed(run: Run) -> None:
    assert "val_balanced_acc" not in epoch_metrics()
    tables = run.where.read()
    scores = [tables.score(row) for row in tables.ranked()]
    assert scores == sorted((s for s in scores if s is not None), reverse=True)
