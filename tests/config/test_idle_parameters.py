"""Parameters that change nothing in any trial are said, in one notice each."""

from typing import Any

import pytest

from tune_mc1.config.idle_parameters import idle_notices
from tune_mc1.config.trial import TrialConfig

IDLE: list[tuple[dict[str, Any], str]] = [
    (
        {"schedule_epochs": 30},
        "schedule_epochs: 30 has no effect, as the rates of constant do not depend on it",
    ),
    (
        {"schedule_epochs": 30, "lr_schedule": "step", "step_size": 2},
        "schedule_epochs: 30 has no effect, as the rates of step do not depend on it",
    ),
    (
        {"norm_bias_lr_factor": 64},
        "norm_bias_lr_factor: 64.0 has no effect, as CNN has no normalisation layers here",
    ),
    (
        {"filter_bias_and_bn": True},
        "filter_bias_and_bn: true has no effect, as weight_decay is 0",
    ),
    (
        {"early_stopping_patience": 3, "epochs": 3},
        "early_stopping_patience: 3 has no effect, as trials end after 3 epochs",
    ),
]
FELT: list[dict[str, Any]] = [
    {"schedule_epochs": 30, "lr_schedule": "cosine"},
    {"norm_bias_lr_factor": 64, "batch_norm": True},
    {"norm_bias_lr_factor": 64, "model": "ResNet9"},
    {"norm_bias_lr_factor": 64, "model": "nets:Own"},
    {"filter_bias_and_bn": True, "weight_decay": 0.01},
    {"early_stopping_patience": 2, "epochs": 3},
]


@pytest.mark.parametrize(("parameters", "notice"), IDLE)
def test_what_has_no_effect_is_said_once(parameters: dict[str, Any], notice: str) -> None:
    configs = [TrialConfig(seed=seed, **parameters) for seed in range(2)]
    assert idle_notices([*configs, TrialConfig()]) == [notice]


@pytest.mark.parametrize("parameters", FELT)
def test_nothing_is_said_of_what_some_trial_feels(parameters: dict[str, Any]) -> None:
    assert idle_notices([TrialConfig(**parameters)]) == []


def test_trials_that_others_are_compared_with_are_not_named() -> None:
    configs = [TrialConfig(lr_schedule=name, schedule_epochs=30) for name in ("constant", "cosine")]
    assert idle_notices(configs) == []
