"""Parameters that not all trials have: rules of our own training, `when`, `same_as`, `zero`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.support.figure_sweeps import tiny_images
from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.method import resolve_method
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.planning.search_space import fewer_notice, plan_program_trials, plan_trials
from tune_mc1.results.columns import columns_of
from tune_mc1.results.events import trial_event
from tune_mc1.results.head import sweep_event
from tune_mc1.results.tables import SweepTables, trial_of


def load(path: Path, content: dict[str, Any]) -> Sweep:
    file = path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_sweep(file).sweep


def planned(path: Path, parameters: dict[str, Any], **keys: Any) -> list[Trial]:
    sweep = load(path, {"method": "grid", "parameters": parameters, **keys})
    return plan_trials(sweep)


def shown(trials: list[Trial], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(trial.values[name] for name in names) for trial in trials]


@pytest.mark.parametrize(
    ("parameters", "rows"),
    [
        (
            {"optimizer": {"values": ["SGD", "Adam"]}, "momentum": {"values": [0.0, 0.9]}},
            [("SGD", 0.0), ("SGD", 0.9), ("Adam", None)],
        ),
        (
            {"momentum": {"value": 0.9}, "optimizer": {"values": ["Adam", "SGD"]}},
            [(0.9, "SGD"), (None, "Adam")],
        ),
        (
            {"model": {"values": ["CNN2", "CNN8"]}, "dropout_p": {"values": [0.5, 0]}},
            [("CNN2", None), ("CNN8", 0.5), ("CNN8", 0.0)],
        ),
        (
            {"model": {"values": ["CNN", "CNN2"]}, "batch_norm": {"values": [True, False]}},
            [("CNN", True), ("CNN", False), ("CNN2", None)],
        ),
        (
            {
                "lr_schedule": {"values": ["constant", "cosine"]},
                "end_factor": {"values": [0.1, 0.01]},
            },
            [("constant", None), ("cosine", 0.1), ("cosine", 0.01)],
        ),
        (
            {
                "loss_function": {"values": ["CrossEntropyLoss", "FocalLoss"]},
                "augment": {"values": ["none", "crop"]},
                "crop_padding": {"values": [2, 4]},
            },
            [
                (loss, *rest)
                for loss in ("CrossEntropyLoss", "FocalLoss")
                for rest in (("none", None), ("crop", 2), ("crop", 4))
            ],
        ),
        (
            {"momentum": {"values": [0.0, 0.9]}, "nesterov": {"values": [True, False]}},
            [(0.0, None), (0.9, True), (0.9, False)],
        ),
    ],
    ids=["momentum", "fixed", "dropout", "batch norm", "schedule", "augment", "nesterov"],
)
def test_what_does_not_apply_is_null_and_equal_trials_run_once(
    tmp_path: Path, parameters: dict[str, Any], rows: list[tuple[Any, ...]]
) -> None:
    trials = planned(tmp_path, parameters)
    assert sorted(map(str, shown(trials, *parameters))) == sorted(map(str, rows))
    sweep = load(tmp_path, {"method": "grid", "parameters": parameters})
    asked = int(np.prod([len(p.get("values", [0])) for p in parameters.values()]))
    assert bool(fewer_notice(sweep, trials)) is (asked > len(rows))
    drawn = planned(tmp_path, parameters, method="random", run_cap=50)
    assert sorted(map(str, shown(drawn, *parameters))) == sorted(map(str, rows))


def test_a_valid_grid_stays_as_it_was(tmp_path: Path) -> None:
    """Values that are valid where they do not apply are kept, with the same rows."""
    plain = {"optimizer": {"values": ["SGD", "Adam"]}, "momentum": {"value": 0}}
    assert shown(planned(tmp_path, plain), "momentum") == [(0.0,), (0.0,)]
    norm = {"model": {"values": ["CNN", "CNN2"]}, "batch_norm": {"value": False}}
    assert shown(planned(tmp_path, norm), "batch_norm") == [(False,), (False,)]


def test_null_does_not_change_the_setting(tmp_path: Path) -> None:
    """A trial of Adam has the same hash and numbers with and without `momentum` in the file."""
    both = {"optimizer": {"values": ["SGD", "Adam"]}, "momentum": {"value": 0.9}}
    adam = next(t for t in planned(tmp_path, both) if t.config.optimizer == "Adam")
    alone = planned(tmp_path, {"optimizer": {"value": "Adam"}})[0]
    assert adam.config_hash == alone.config_hash
    assert adam.config.momentum == 0.0
    assert adam.config.inactive == ("momentum",)
    assert Trial.model_validate(adam.model_dump()) == adam


WHEN = {
    "lr": {"values": [0.1, 0.2]},
    "optim": {"values": ["SGD", "Adam", "AdamW"]},
    "wd": {
        "distribution": "log_uniform_values",
        "min": 1e-5,
        "max": 1e-3,
        "zero": 0.5,
        "when": {"optim": ["sgd", "AdamW"]},
    },
}


def test_own_conditions_with_other_names(tmp_path: Path) -> None:
    sweep = load(tmp_path, {"method": "random", "run_cap": 60, "parameters": WHEN})
    assert sweep.parameters["weight_decay"].when == {"optimizer": ("SGD", "AdamW")}
    trials = plan_trials(sweep)
    by_optimizer: dict[str, list[float | None]] = {}
    for name, decay in shown(trials, "optimizer", "weight_decay"):
        by_optimizer.setdefault(name, []).append(decay)
    assert by_optimizer["Adam"] == [None, None]  # both learning rates, once
    drawn = by_optimizer["SGD"] + by_optimizer["AdamW"]
    assert 1 < drawn.count(0.0) <= 4  # equal ones of which are drawn once
    assert all(value == 0 or 1e-5 <= value <= 1e-3 for value in drawn if value is not None)
    text = config_to_yaml(sweep)
    (tmp_path / "again.yaml").write_text(text)
    assert load_sweep(tmp_path / "again.yaml").sweep == sweep
    assert "when" not in config_to_yaml(load(tmp_path, {"parameters": {"lr": {"value": 0.1}}}))


def test_zero_is_a_share_of_the_draws() -> None:
    sweep = Sweep.model_validate(
        {
            "parameters": {
                "weight_decay": {
                    **{"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-3},
                    "zero": 0.1,
                }
            }
        }
    )
    rng = np.random.default_rng(0)
    drawn = [sweep.parameters["weight_decay"].sample(rng) for _ in range(4000)]
    assert np.mean(np.array(drawn) == 0) == pytest.approx(0.1, abs=0.015)


def test_a_tie_has_the_value_of_the_other(tmp_path: Path) -> None:
    parameters = {
        "model": {"value": "CNN"},
        "end_factor": {"values": [0.1, 0.2]},
        "start_factor": {"same_as": "end_factor"},
        "lr_schedule": {"value": "linear"},
        "warmup_epochs": {"value": 1},
    }
    trials = planned(tmp_path, parameters)
    assert shown(trials, "end_factor", "start_factor") == [(0.1, 0.1), (0.2, 0.2)]


def test_a_row_is_read_as_the_trial_that_it_was(tmp_path: Path) -> None:
    parameters = WHEN | {
        "nesterov": {"values": [True, False]},
        "momentum": {"value": 0.9},
        "model": {"values": ["MLP", "CNN8"]},
        "dropout_p": {"values": [0.1, 0.2]},
        "hidden": {"value": 20, "when": {"model": "mlp"}},
    }
    sweep = load(tmp_path, {"method": "random", "run_cap": 40, "parameters": parameters})
    tables = SweepTables()
    tables.apply({**sweep_event(sweep, tiny_images(20)), "time": 0.0})
    for trial in plan_trials(sweep):
        tables.apply(trial_event(trial))
        row = tables.trials[trial.id]
        assert {n: row[n] for n in parameters if n in row} == {
            n: trial.values[n] for n in parameters if n in row
        }
        read = trial_of(row, columns_of(tables.metadata))
        assert read.values == trial.values
        assert read.config_hash == trial.config_hash


def test_a_program_does_not_get_what_does_not_apply(tmp_path: Path) -> None:
    parameters = {
        "optim": {"parameters": {"name": {"values": ["sgd", "adam"]}}},
        "momentum": {"values": [0.1, 0.9], "when": {"optim.name": "sgd"}},
        "copy": {"same_as": "momentum"},
        "size": {"values": ["s", "m", "l"], "ordinal": True, "when": {"momentum": 0.9}},
    }
    (tmp_path / "x.py").write_text("")
    sweep = load(tmp_path, {"program": "x.py", "method": "grid", "parameters": parameters})
    trials = plan_program_trials(sweep)  # type: ignore[arg-type]
    assert len(trials) == 1 + 1 + 3
    adam = [t for t in trials if t.values["optim.name"] == "adam"]
    assert [t.values for t in adam] == [{"optim.name": "adam"}]
    assert sweep.arguments(adam[0].values) == {"optim": {"name": "adam"}}  # type: ignore[attr-defined]
    assert [t.values["copy"] for t in trials if "copy" in t.values] == [0.1, 0.9, 0.9, 0.9]
    (tmp_path / "again.yaml").write_text(config_to_yaml(sweep))
    assert load_sweep(tmp_path / "again.yaml").sweep == sweep
    tables = SweepTables()
    tables.apply({**sweep_event(sweep, None), "time": 0.0})
    for trial in trials:
        tables.apply(trial_event(trial))
    assert tables.trials[adam[0].id]["momentum"] is None


def test_a_search_that_learns_takes_conditions(tmp_path: Path) -> None:
    sweep = load(tmp_path, {"run_cap": 5, "parameters": WHEN})
    resolved, _ = resolve_method(sweep, "bayes")
    assert resolved.space.conditional == ("weight_decay",)
