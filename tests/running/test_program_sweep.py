"""Sweeps of a user's program: results, early stopping, failures by their cause, the end of each."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest

from tests.support.in_process import run_here
from tests.support.programs import LEARNS, program_sweep
from tune_mc1.results.directory import ResultDir


def trials(root: Path) -> pd.DataFrame:
    return pd.read_parquet(root / "trials.parquet").set_index("trial")


def test_every_log_of_the_metric_is_a_row(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {
            "lr": {"values": [0.1, 0.2]},
            "steps": {"value": 3},
            "seed": {"value": 5},
        }
    }
    ran = program_sweep(tmp_path, "grid", "--replicates", "2", **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran.root)
    assert list(rows["state"]) == ["completed"] * 4
    assert list(rows["seed"]) == [5, 6, 5, 6]
    assert rows["config_hash"].nunique() == 2, "replicates share it"
    assert list(rows["epochs_run"]) == [3] * 4
    assert list(rows["best_val/acc"]) == pytest.approx([0.75, 0.75, 0.65, 0.65])
    assert list(rows["last_test acc"]) == [0.5] * 4, "logged after the last iteration"
    table = pq.read_table(ran.root / "history.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds == {
        "trial": "string",
        "epoch": "int32",
        "step": "int64",
        "seconds": "double",
        "time": "double",
        "val/acc": "double",
        "val.loss": "double",
        "test acc": "double",
    }
    first = table.to_pandas().query("trial == 't0001'")
    assert list(first["step"]) == [1, 2, 3]
    assert list(first["val.loss"]) == pytest.approx([1, 1 / 2, 1 / 3])
    settings = pd.read_parquet(ran.root / "settings.parquet")
    assert list(settings["n"]) == [2, 2]
    assert ResultDir(ran.root).read().ranked()[0]["lr"] == 0.1


def test_poor_trials_are_stopped(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {
            "lr": {"values": [0.1, 0.5, 0.6, 0.7, 0.8, 0.9]},
            "steps": {"value": 8},
            "pause": {"value": 0.1},
        },
        "early_terminate": {"type": "asha", "min_iter": 2, "eta": 2},
    }
    ran = program_sweep(tmp_path, "grid", "--max-concurrent", "1", **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran.root)
    assert list(rows["state"]) == ["completed"] + ["stopped"] * 5
    assert list(rows["epochs_run"]) == [8] + [2] * 5, "nothing is counted after the decision"
    left = [p for p in psutil.process_iter(["cmdline"]) if "train.py" in (p.info["cmdline"] or [])]
    assert not [p for p in left if str(tmp_path) in str(p.cwd())]


def test_a_killed_trial_goes_on_and_one_that_fails_again_says_why(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {"lr": {"values": [0.1, 0.2]}, "fault": {"value": "killed"}},
    }
    ran = program_sweep(tmp_path, "grid", **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran.root)
    assert list(rows["attempts"]) == [2, 2]
    assert list(rows["epochs_run"]) == [4, 4]
    (error,) = {event["error"] for event in ran.events("retry")}
    assert error == "killed by SIGKILL (out of memory?); last lines: begins"
    assert (ran.root / "logs" / "t0001.log").read_text() == "begins\n" * 2


def test_a_program_that_begins_again_has_its_last_series(tmp_path: Path) -> None:
    code = LEARNS.replace("kept.write_text", "str")
    keys: dict[str, Any] = {"parameters": {"lr": {"value": 0.1}, "fault": {"value": "error"}}}
    ran = program_sweep(tmp_path, "grid", code=code, **keys)
    assert ran.status == 0, ran.err
    assert "RuntimeError: no luck" in ran.events("retry")[0]["error"]
    history = pd.read_parquet(ran.root / "history.parquet")
    assert list(history["epoch"]) == [1, 2, 3, 4]
    assert list(history["step"]) == [1, 2, 3, 4]
    assert len(ran.events("epoch")) == 2 + 4, "the journal has both"


@pytest.mark.parametrize(
    ("code", "parameters", "error"),
    [
        (LEARNS, {"rate": {"value": 1}}, "exit status 2; last lines: usage: train.py [-h]"),
        (
            "import tune_mc1; tune_mc1.report({'val/accc': 0.5, 'loss': 1})",
            {"lr": {"value": 1}},
            "val/acc was never logged, did you mean 'val/accc'? (logged: loss, val/accc)",
        ),
        (
            "print('hello')",
            {"lr": {"value": 1}},
            "val/acc was never logged: it opened no W&B run, and tune_mc1.report was not called",
        ),
        (
            "import tune_mc1; tune_mc1.report({'val/acc': 'high'})",
            {"lr": {"value": 1}},
            "val/acc was logged as text, must be a number",
        ),
        (
            "import tune_mc1; tune_mc1.report({'val/acc': float('nan')})",
            {"lr": {"value": 1}},
            "val/acc was not finite in any of 1 logs",
        ),
    ],
    ids=["refused", "another name", "nothing", "text", "nan"],
)
def test_what_another_attempt_would_not_mend_is_not_tried_again(
    tmp_path: Path, code: str, parameters: dict[str, Any], error: str
) -> None:
    ran = program_sweep(tmp_path, "grid", code=code, parameters=parameters)
    assert ran.status == 1
    (row,) = trials(ran.root).to_dict("records")
    assert (row["state"], row["attempts"]) == ("failed", 1)
    assert row["error"].startswith(error)
    assert ran.out.count(row["error"]) == 1, "as the trial ends"
    assert "Failed: t0001 (log: " in ran.out


def test_no_metric_is_needed_for_a_grid(tmp_path: Path) -> None:
    ran = program_sweep(tmp_path, "grid", metric={}, parameters={"lr": {"values": [0.1, 0.2]}})
    assert ran.status == 0, ran.err
    rows = trials(ran.root)
    assert list(rows["epochs_run"]) == [5, 5], "every log is a row"
    assert "best" not in ran.out.split("\n")[1]
    shown = run_here("show", ran.root, "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["trials"][0]["last_val/acc"] == pytest.approx(0.8)


def test_bayes_suggests_values_of_any_kind(tmp_path: Path) -> None:
    code = """
import json, sys, tune_mc1
values = json.loads(sys.argv[1])
layers, name = values["net"]["layers"], values["a/b"]
tune_mc1.report({"val/acc": len(layers) + (name is None) - abs(values["lr"] - 0.1)})
"""
    keys: dict[str, Any] = {
        "command": ["${interpreter}", "train.py", "${args_json}"],
        "parameters": {
            "lr": {"min": 0.0, "max": 1.0},
            "a/b": {"values": [None, "x", True]},
            "net": {"parameters": {"layers": {"values": [[8], [8, 16], [8, 16, 32]]}}},
        },
    }
    ran = program_sweep(tmp_path, "bayes", "-n", "5", code=code, **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran.root)
    assert list(rows["state"]) == ["completed"] * 5
    assert set(map(type, map(json.loads, rows["net.layers"]))) == {list}
    told = {event["trial"]: event["value"] for event in ran.events("told")}
    assert told == dict(rows["best_val/acc"]), "each is told what its trial logged last"
