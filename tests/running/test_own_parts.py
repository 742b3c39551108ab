"""A model, an optimiser and a schedule of other packages, one file each, in one real sweep."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.support.examples import example
from tests.support.faults import driving, events, result_dir
from tests.support.plugins import write_plugin
from tune_mc1.results.directory import ResultDir

MODEL = example("tiny_resnet.py")

OPTIMIZER = example("nadam.py")

SCHEDULE = example("cosine.py")

SWEEP = {
    "parameters": {
        "model": {"values": ["CNN_simple", "TinyResNet"]},
        "optimizer": {"values": ["SGD", "nadam"]},
        "lr_schedule": {"values": ["cosine", "constant"]},
        "learning_rate": {"value": 0.01},
        "epochs": {"value": 2},
    },
    "fuse": 4,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, code in (("own_net", MODEL), ("own_step", OPTIMIZER), ("own_pace", SCHEDULE)):
        write_plugin(folder, code, name)
    return folder


def test_they_train_in_a_sweep(tmp_path: Path, image_dir: Path, site: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump({**SWEEP, "data": str(image_dir)}))
    path = f"{site}:{Path(__file__).parents[2]}"
    command = ("sweep", "grid", file, "-o", tmp_path / "out", "--wandb", "disabled")
    with driving(*command, cwd=tmp_path, PYTHONPATH=path) as driver:
        assert driver.wait() == 0, driver.err
    assert "fuse: 4 trials are trained alone, as model TinyResNet has no fused form" in driver.err
    assert "fuse: 2 trials are trained alone, as optimizer NAdam has no fused form" in driver.err
    where = ResultDir(result_dir(tmp_path / "out"))
    trials = pq.read_table(where.trials).to_pylist()
    history = pq.read_table(where.history).to_pylist()
    ends = {row["trial"]: row["learning_rate"] for row in history if row["epoch"] == 2}
    for row in trials:
        assert row["state"] == "completed"
        assert row["best_val_acc"] > 0.12
        alone = row["model"] == "TinyResNet" or row["optimizer"] == "NAdam"
        assert row["fused"] == (1 if alone else 2)
        last = ends[row["trial"]]
        assert last == 0.01 if row["lr_schedule"] == "constant" else 0 < last < 1e-4
    assert len(events(where.root, "test")) == 1

    words = ("sweep", "grid", "--resume", where.root, "--epochs", "3")
    with driving(*words, cwd=tmp_path, PYTHONPATH=path) as driver:
        assert driver.wait() == 2
    (line,) = driver.err.strip().splitlines()
    assert line.endswith(
        "parameters.epochs: was 2, is 3; a learning-rate schedule other than constant depends on it"
    )
