"""Limits of a sweep that have no effect, or that no trial can keep, are named in advance."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.in_process import run_here
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare

BASE: dict[str, Any] = {
    "data": "shapes10",
    "run_cap": 12,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1},
        "epochs": {"value": 4},
    },
}


def notices(tmp_path: Path, command: str, **keys: Any) -> list[str]:
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(BASE | keys))
    found = prepare(command, file, PlanFlags.of()).notices
    return [line for line in found if line.startswith(("budget", "metric.target", "constraints"))]


GAIN = {"budget": {"min_gain": 0.01}}


@pytest.mark.parametrize(
    ("command", "run_cap", "least"),
    [("random", 12, 12), ("random", 13, None), ("bayes", 24, 24), ("bayes", 25, None)],
)
def test_a_least_gain_that_is_never_asked_for(
    tmp_path: Path, command: str, run_cap: int, least: int | None
) -> None:
    pytest.importorskip("optuna")
    line = f"budget.min_gain: is first asked after {least} settings with a score, so that it "
    expected = [] if least is None else [f"{line}cannot end a sweep of {run_cap}"]
    assert notices(tmp_path, command, run_cap=run_cap, **GAIN) == expected


def test_seeds_are_no_settings(tmp_path: Path) -> None:
    assert len(notices(tmp_path, "random", run_cap=7, replicates=2, **GAIN)) == 1


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        (("val_acc", 1.5), "metric.target: 1.5 cannot be reached, as val_acc is at most 1"),
        (("val_loss", -0.1), "metric.target: -0.1 cannot be reached, as val_loss is at least 0"),
        (("val_acc", 1.0), None),
        (("val_loss", 7.0), None),
    ],
)
def test_a_target_beyond_what_the_metric_can_be(
    tmp_path: Path, metric: tuple[str, float], told: str | None
) -> None:
    name, target = metric
    found = notices(tmp_path, "random", metric={"name": name, "target": target})
    assert found == ([] if told is None else [told])


def test_constraints_that_exclude_every_trial(tmp_path: Path) -> None:
    texts = ["val_acc >= 2", "val_acc >= 0.5", "latency_ms <= -1", "val_loss <= 0.1"]
    assert notices(tmp_path, "random", constraints=texts) == [
        "constraints[0]: val_acc >= 2 excludes every trial, as val_acc is at most 1",
        "constraints[2]: latency_ms <= -1 excludes every trial, as latency_ms is at least 0",
    ]


def test_a_programs_metric_is_its_own(tmp_path: Path) -> None:
    """Its accuracy may be in percent."""
    (tmp_path / "train.py").write_text("")
    program = str(tmp_path / "train.py")
    content: dict[str, Any] = {"program": program, "constraints": ["val_acc >= 50"]}
    content |= {"metric": {"name": "val_acc", "goal": "maximize", "target": 90}}
    file = tmp_path / "p.yaml"
    parameters = {"parameters": {"x": {"min": 0.0, "max": 1.0}}, "run_cap": 3}
    file.write_text(yaml.safe_dump(content | parameters))
    assert not [line for line in prepare("random", file).notices if "val_acc" in line]


def test_what_a_budget_buys_where_it_is_little_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(BASE | {"budget": {"epochs": 3}}))
    shown = run_here("sweep", "random", file, "--dry-run", cwd=tmp_path).stdout
    assert "buys roughly 3 epochs, less than one of 12 trials" in shown
    file.write_text(yaml.safe_dump(BASE | {"budget": {}}))
    assert "Budget" not in run_here("sweep", "random", file, "--dry-run", cwd=tmp_path).stdout


def test_a_limit_is_given_once(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(BASE))
    words = ("sweep", "random", file, "--dry-run", "--budget", "time=2h,time=3h")
    done = run_here(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "--budget: must name time once, got 'time=2h,time=3h'\n"


def test_settings_that_a_constraint_leaves_out_are_said_once(tmp_path: Path) -> None:
    """They are not settings that the parameters lack."""
    file = tmp_path / "s.yaml"
    parameters = {"model": {"values": ["CNN", "CNN2", "CNN3"]}, "epochs": {"value": 2}}
    content = {"data": "shapes10", "parameters": parameters, "constraints": ["param_count <= 3e5"]}
    file.write_text(yaml.safe_dump(content))
    (line,) = (n for n in prepare("grid", file, PlanFlags.of()).notices if "settings" not in n)
    assert line.startswith("constraints: 1 of 3 trials are left out")
    assert not [n for n in prepare("grid", file, PlanFlags.of()).notices if "were asked for" in n]
