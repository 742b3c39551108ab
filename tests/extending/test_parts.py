"""A model, an optimiser and a schedule of other packages in one real sweep."""

from pathlib import Path

import pyarrow.parquet as pq

from tests.support.faults import events
from tests.support.session import Session
from tune_mc1.results.directory import ResultDir

SWEEP = {
    "parameters": {
        "model": {"values": ["CNN_simple", "TinyResNet"]},
        "optimizer": {"values": ["SGD", "rprop"]},
        "lr_schedule": {"values": ["poly", "constant"]},
        "learning_rate": {"value": 0.01},
        "epochs": {"value": 2},
    },
    "fuse": 4,
}


def test_they_train_in_a_sweep(tmp_path: Path, image_dir: Path, there: Session) -> None:
    ran = there.sweep(tmp_path, {**SWEEP, "data": str(image_dir)}, "grid", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    assert "fuse: 4 trials are trained alone, as optimizer Rprop has no fused form" in ran.err
    assert "TinyResNet" not in ran.err
    where = ResultDir(ran.root)
    trials = pq.read_table(where.trials).to_pylist()
    history = pq.read_table(where.history).to_pylist()
    ends = {row["trial"]: row["learning_rate"] for row in history if row["epoch"] == 2}
    for row in trials:
        assert row["state"] == "completed"
        assert row["best_val_acc"] > 0.12
        alone = row["optimizer"] == "Rprop"
        assert row["fused"] == (1 if alone else 2)
        last = ends[row["trial"]]
        assert last == 0.01 if row["lr_schedule"] == "constant" else 0 < last < 1e-4
    assert len(events(where.root, "test")) == 1

    words = ("sweep", "grid", "--resume", where.root, "--epochs", "3")
    done = there.run(*words, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line.endswith(
        "parameters.epochs: was 2, is 3; a learning-rate schedule other than constant depends on "
        "it (schedule_epochs keeps it as it began)"
    )
