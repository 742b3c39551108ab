"""Mistakes in the conditions of parameters, each said in one line."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.config.test_conditions import planned
from tune_mc1.errors import InputError


def mistake(path: Path, parameters: dict[str, Any], **keys: Any) -> str:
    with pytest.raises(InputError) as caught:
        planned(path, parameters, **keys)
    assert len(caught.value.problems) == 1
    return re.sub(r"^.*/sweep\.yaml(:\d+)?: ", "", caught.value.problems[0])


def test_what_no_trial_can_use_is_refused(tmp_path: Path) -> None:
    unused = {"optimizer": {"values": ["Adam", "AdamW"]}, "momentum": {"values": [0.5, 0.9]}}
    with pytest.raises(InputError, match="momentum: only valid with optimizers SGD"):
        planned(tmp_path, unused)


SGD = {"optimizer": {"values": ["SGD", "Adam"]}}


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        (
            SGD | {"momentum": {"value": 0.9, "when": {"optimzer": "SGD"}}},
            "parameters.momentum.when.optimzer: is not a parameter, did you mean 'optimizer'?",
        ),
        (
            SGD | {"momentum": {"value": 0.9, "when": {"optimizer": "RMSprop"}}},
            "parameters.momentum.when.optimizer: is never so, so that no trial would have "
            "momentum, got 'RMSprop'",
        ),
        (
            SGD | {"momentum": {"value": 0.9, "when": {}}},
            "parameters.momentum.when: must not be empty, got {}",
        ),
        (
            SGD | {"momentum": {"value": 0.9, "when": "SGD"}},
            "parameters.momentum.when: must be a mapping of keys to values, got 'SGD'",
        ),
        (
            SGD | {"momentum": {"value": 0.9, "when": {"momentum": 0.9}}},
            "parameters.momentum.when.momentum: must name another parameter",
        ),
        (
            SGD | {"epochs": {"value": 3, "when": {"optimizer": "SGD"}}},
            "parameters.epochs.when: every trial has epochs",
        ),
        (
            {"weight_decay": {"min": 0.1, "max": 0.2, "zero": 0.1}},
            "parameters.weight_decay: zero is only valid with logarithmic distributions, not "
            "uniform, got 0.1",
        ),
        (
            {
                "learning_rate": {
                    **{"distribution": "log_uniform_values", "min": 0.1, "max": 0.2},
                    "zero": 0.1,
                }
            },
            "parameters.learning_rate.zero: draws 0, and learning_rate must be greater than 0, "
            "got 0.1",
        ),
        (
            {"momentum": {"same_as": "nesterof"}},
            "parameters.momentum.same_as: must name a parameter, did you mean 'nesterov'?, got "
            "'nesterof'",
        ),
        (
            {
                "momentum": {"value": 0.5, "when": {"weight_decay": 0.1}},
                "weight_decay": {"value": 0.1, "when": {"momentum": 0.5}},
            },
            "parameters.momentum.when: depends on itself, by way of another parameter",
        ),
    ],
)
def test_mistakes_in_conditions(tmp_path: Path, parameters: dict[str, Any], line: str) -> None:
    assert mistake(tmp_path, parameters) == line
