"""A Bayesian sweep with early stopping, several metrics and fused trials, and its resumption."""

from pathlib import Path
from typing import Any

from tests.support.in_process import run_here, sweep_here
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import read_records

CONTENT: dict[str, Any] = {
    "metrics": [{"name": "val_acc"}, {"name": "param_count", "goal": "minimize"}],
    "constraints": ["param_count <= 1e5"],
    "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
    "parameters": {
        "model": {"values": ["CNN_simple", "CNN"]},
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.3},
        "epochs": {"value": 2},
    },
    "run_cap": 16,
}


def test_a_fused_sweep_and_its_resumption(tmp_path: Path, image_dir: Path) -> None:
    content = CONTENT | {"data": str(image_dir), "limit_images": 0.5}
    ran = sweep_here(tmp_path, content, "bayes", "--tracker", "none")
    assert ran.status == 0, ran.err
    assert "Pareto front:" in ran.out
    rows = ResultDir(ran.root).read().trials
    assert {row["state"] for row in rows.values()} == {"stopped", "completed"}
    assert max(row["fused"] for row in rows.values()) > 1
    asked = ran.events("trial")
    assert len(asked) == len(ran.events("told")) == 16

    journal = ran.root / "journal.jsonl"  # as if the driver had been killed while trials ran
    lines = journal.read_bytes().splitlines(keepends=True)
    told = [i for i, line in enumerate(lines) if b'"event":"told"' in line]
    journal.write_bytes(b"".join(lines[: told[9]]))
    for table in (ran.root / "trials.parquet", ran.root / "history.parquet"):
        table.unlink()
    before = [e for e, _ in read_records(journal) if e["event"] == "trial"]
    done = run_here("sweep", "bayes", "--resume", ran.root, "--tracker", "none", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    events = [event for event, _ in read_records(journal)]
    settings = [event["config"] for event in events if event["event"] == "trial"]
    assert settings[: len(before)] == [event["config"] for event in before]
    assert len(settings) == 16
    assert len({str(setting) for setting in settings}) == 16
    assert len([event for event in events if event["event"] == "told"]) == 16


def test_one_that_was_begun_without_early_stopping_goes_on_without(
    tmp_path: Path, image_dir: Path
) -> None:
    content = {name: CONTENT["parameters"][name] for name in ("learning_rate", "epochs")}
    file = {"parameters": content, "early_terminate": None, "run_cap": 2, "limit_images": 0.5}
    ran = sweep_here(tmp_path, file | {"data": str(image_dir)}, "bayes", "--tracker", "none")
    assert ran.status == 0, ran.err
    words = ("sweep", "bayes", "--resume", ran.root, "-n", "3", "--dry-run")
    done = run_here(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "rungs" not in done.stdout
