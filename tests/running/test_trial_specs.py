"""Trials in a process that lacks a plugin of the driver."""

import platform

import pytest

from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.trial_parameters import PARAMETERS, TrialParameter
from tune_mc1.errors import TrialError
from tune_mc1.running.trial_specs import read_trial


def test_a_missing_part_is_named_with_its_node() -> None:
    with registered(ARCHITECTURES, "Mine", Architecture(hidden=(10,))):
        trial = Trial(id="t0001", config=TrialConfig.model_validate({"model": "Mine"}))
        assert read_trial(trial.model_dump()) == trial
    with pytest.raises(TrialError) as caught:
        read_trial(trial.model_dump())
    message = str(caught.value)
    assert message.startswith("config.model: must be one of MLP, ")
    assert message.endswith(
        "got 'Mine'; the driver accepted it, so a plugin or another version of one is missing on "
        f"node {platform.node()}"
    )


def test_a_missing_parameter_is_named() -> None:
    with registered(PARAMETERS, "ramp", TrialParameter(float, 0.0)):
        trial = Trial(id="t0001", config=TrialConfig.model_validate({"ramp": 0.5}))
    with pytest.raises(TrialError, match=r"config\.ramp: unknown key; the driver accepted it"):
        read_trial(trial.model_dump())
