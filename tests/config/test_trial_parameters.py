"""Trial parameters of other packages beside those of the project."""

import pickle
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tests.support.sweep_files import load, mistakes
from tune_mc1.config.labels import label
from tune_mc1.config.problems import problems_of
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig, core_fields, trial_defaults, trial_fields
from tune_mc1.config.trial_parameters import PARAMETERS, TrialParameter, info_of
from tune_mc1.errors import InputError
from tune_mc1.planning.fusion import group_key
from tune_mc1.planning.search_space import plan_trials
from tune_mc1.results.events import trial_event
from tune_mc1.results.schema import trial_schema
from tune_mc1.results.tables import SweepTables, trial_of

RAMP = TrialParameter(float, 0.0, {"en": "brightness ramp"}, rules={"ge": 0, "lt": 1})


@pytest.fixture
def ramp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARAMETERS._parts, "ramp", RAMP)


def test_every_parameter_of_the_project_has_its_words() -> None:
    for name, field in trial_fields().items():
        info = info_of(field)
        assert info.en, name
        assert info.de, name
        assert label(name, "de") == info.de


@pytest.mark.usefixtures("ramp")
def test_a_registered_parameter_is_like_any_other() -> None:
    config = TrialConfig.model_validate({"ramp": "0.5", "seed": 3})
    assert config.values["ramp"] == config.values["ramp"] == 0.5
    assert TrialConfig.model_validate(config.model_dump()) == config
    assert pickle.loads(pickle.dumps(config)) == config
    assert config.config_hash != TrialConfig().config_hash
    assert list(config.values) == list(core_fields()) == list(trial_defaults())
    assert (label("ramp", "en"), label("ramp", "de")) == ("brightness ramp", "ramp")


@pytest.mark.usefixtures("ramp")
def test_its_default_is_left_out_of_what_names_a_setting() -> None:
    default = TrialConfig.model_validate({"ramp": 0})
    assert default == TrialConfig()
    assert default.config_hash == TrialConfig().config_hash
    assert getattr(default, "ramp") == 0.0  # noqa: B009  mypy knows no such attribute


@pytest.mark.usefixtures("ramp")
def test_results_have_its_column_and_those_from_before_its_default() -> None:
    assert trial_schema().field("ramp").type == pa.float64()
    trial = Trial(id="t1", config=TrialConfig.model_validate({"ramp": 0.25}))
    tables = SweepTables()
    old = trial_event(Trial(id="t0", config=TrialConfig()))
    del old["config"]["ramp"]
    for event in (old, trial_event(trial)):
        tables.apply(event)
    assert [row["ramp"] for row in tables.trials.values()] == [0.0, 0.25]
    assert trial_of(tables.trials["t1"]) == trial


@pytest.mark.parametrize("agree", [True, False])
def test_trials_that_must_agree_in_it_are_not_fused(
    monkeypatch: pytest.MonkeyPatch, agree: bool
) -> None:
    monkeypatch.setitem(PARAMETERS._parts, "ramp", TrialParameter(float, 0.0, agree=agree))
    configs = [TrialConfig.model_validate({"ramp": ramp}) for ramp in (0.0, 0.5)]
    keys = {group_key(Trial(id=str(i), config=config)) for i, config in enumerate(configs)}
    assert len(keys) == (2 if agree else 1)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"ramp": 1}, "ramp: must be less than 1, got 1"),
        ({"ramp": True}, "ramp: must be a number, got true"),
        ({"romp": 0.5}, "romp: unknown key"),
    ],
)
@pytest.mark.usefixtures("ramp")
def test_values_that_cannot_be_are_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TrialConfig.model_validate(values)
    assert str(problems_of(caught.value)[0]).startswith(told)


@pytest.mark.usefixtures("ramp")
def test_a_sweep_file_may_vary_it(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    good = "parameters:\n  ramp: {min: 0.0, max: 0.9}\n"
    assert load(file, good).sweep.parameters["ramp"].distribution == "uniform"
    bad = "parameters:\n  ramp: {values: [0.5, 2]}\n  ramb: {value: 1}\n"
    assert mistakes(file, bad) == [
        "sweep.yaml:2: parameters.ramp.values[1]: must be less than 1, got 2",
        "sweep.yaml:3: parameters.ramb: unknown parameter, did you mean 'ramp'?",
    ]


@pytest.mark.parametrize(
    ("name", "part", "told"),
    [
        ("seed", RAMP, "trial parameter 'seed': the name is taken, or no identifier"),
        ("config_hash", RAMP, "the name is taken"),
        ("state", RAMP, "trial parameter 'state': the results have a column of that name"),
        ("mean", RAMP, "trial parameter 'mean': the results have a column of that name"),
        ("two words", RAMP, "no identifier"),
        ("_ramp", RAMP, "no identifier"),
        (
            "mode",
            TrialParameter(Literal["a", "b"], "c"),
            "default of trial parameter mode: must be 'a' or 'b', got 'c'",
        ),
    ],
)
def test_a_parameter_that_cannot_be_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, part: TrialParameter, told: str
) -> None:
    monkeypatch.setitem(PARAMETERS._parts, name, part)
    with pytest.raises(InputError, match=told):
        trial_schema()


def test_a_clash_with_a_column_is_found_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PARAMETERS._parts, "state", RAMP)
    with pytest.raises(InputError, match="a column of that name"):
        plan_trials(Sweep(method="grid"))
