"""A trial parameter, an augmentation and a metric of other packages in one sweep."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.in_process import Ran
from tests.support.session import Session
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.errors import InputError
from tune_mc1.planning.resume import prepare_resume
from tune_mc1.results.directory import ResultDir

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


@pytest.fixture(scope="module")
def run(image_dir: Path, tmp_path_factory: pytest.TempPathFactory, there: Session) -> Ran:
    content = {**SWEEP, "data": str(image_dir)}
    ran = there.sweep(tmp_path_factory.mktemp("own-parts"), content, "grid", *ONE)
    assert ran.status == 0, ran.err
    return ran


@pytest.fixture(scope="module")
def where(run: Ran) -> ResultDir:
    return ResultDir(run.root)


def test_a_parameter_has_a_typed_column_and_its_default_changes_no_hash(
    run: Ran, where: ResultDir
) -> None:
    table = pq.read_table(where.trials)
    assert table.schema.field("ramp").type == pa.float64()
    rows = table.to_pylist()
    assert [row["ramp"] for row in rows] == [0.0, 0.5] * 2
    from tune_mc1.config.trial import TrialConfig

    plain = TrialConfig(model="CNN_simple", epochs=2)
    assert rows[0]["config_hash"] == plain.config_hash != rows[1]["config_hash"]
    assert "ramp" in run.out


def test_an_augmentation_changes_the_training_alone(where: ResultDir) -> None:
    rows = pq.read_table(where.trials).to_pylist()
    assert [row["augment"] for row in rows] == ["none"] * 2 + ["flip+brightness"] * 2
    first, same, other, _ = (row["last_train_loss"] for row in rows)
    assert first == pytest.approx(same, rel=1e-3)
    assert abs(first - other) > 1e-3


def test_a_metric_is_optimised_and_is_that_of_scikit_learn(run: Ran, where: ResultDir) -> None:
    from sklearn.metrics import balanced_accuracy_score

    history = pq.read_table(where.history).to_pandas()
    trials = pq.read_table(where.trials).to_pandas().set_index("trial")
    best = history.groupby("trial")["val_balanced_acc"].max()
    assert (trials["best_val_balanced_acc"] == best.reindex(trials.index)).all()
    assert "best val_balanced_acc" in run.out
    winner = best.reindex(trials.index).idxmax()
    predictions = pq.read_table(where.predictions).to_pandas()
    assert set(predictions["trial"]) == {winner}
    score = balanced_accuracy_score(predictions["label"], predictions["predicted"])
    assert trials.loc[winner, "test_balanced_acc"] == pytest.approx(score, abs=1e-12)


def test_a_report_calls_both_by_their_labels(
    where: ResultDir, tmp_path: Path, there: Session
) -> None:
    done = there.run("report", where.root, "-o", tmp_path / "report", "--lang", "de", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = next((tmp_path / "report").glob("*.html")).read_text()
    assert "alancierte Genauigkeit" in page
    assert "elligkeitsrampe" in page


def test_results_are_read_where_the_packages_are_not_installed(
    where: ResultDir,
) -> None:
    assert "val_balanced_acc" not in epoch_metrics()
    tables = where.read()
    scores = [tables.score(row) for row in tables.ranked()]
    assert scores == sorted((s for s in scores if s is not None), reverse=True)


def test_a_resume_requires_the_package_of_a_metric(where: ResultDir) -> None:
    """Its columns would be missing in the tables that the resumed sweep writes."""
    rule = "has the metrics balanced_acc of a package that is not installed here; a resume requires"
    with pytest.raises(InputError, match=rule):
        prepare_resume("grid", None, where.root)
