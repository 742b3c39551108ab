"""Values in sweep files that are outside what their key allows."""

from pathlib import Path

import pytest

from tests.support.sweep_files import load, mistakes
from tune_mc1.config.parameters import listed_values


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sweep.yaml"


@pytest.mark.parametrize("text", ["1e-3", "'1e-3'", "1.0e-3", ".001"])
def test_numbers_that_yaml_reads_as_text(file: Path, text: str) -> None:
    sweep = load(file, f"parameters: {{learning_rate: {{value: {text}}}}}").sweep
    assert sweep.parameters["learning_rate"].grid_value(0) == 0.001


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("learning_rate", "{value: yes}", ".value: must be a number, got true"),
        ("batch_size", "{value: true}", ".value: must be a number, got true"),
        ("batch_size", "{value: 1.5}", ".value: must be a whole number, got 1.5"),
        ("dropout_p", "{values: [0.5, off]}", ".values[1]: must be a number, got false"),
        ("device", "{value: no}", ".value: must be one of auto, cpu, cuda, got false"),
        ("device", "{value: tpu}", ".value: must be one of auto, cpu, cuda"),
        ("learning_rate", "{value: .nan}", ".value: must be a finite number, got nan"),
        ("learning_rate", "{value: [1]}", ".value: must be a number, got [1]"),
        ("learning_rate", "{values: []}", ".values: must not be empty, got []"),
        ("learning_rate", "{values: 0.1}", ".values: must be a list, got 0.1"),
        ("learning_rate", "{}", ": needs value, values, min and max, or a distribution"),
        ("learning_rate", "[0.1]", ": must be a mapping such as `learning_rate: {values:"),
        ("learning_rate", "{min: -1.0, max: 1}", ".min: must be greater than 0, got -1.0"),
        ("dropout_p", "{min: 0.0, max: 1.5}", ".max: must be at most 1, got 1.5"),
        ("epochs", "{min: 0, max: 3}", ".min: must be at least 1, got 0"),
        ("epochs", "{min: 3}", ".max: is required by distribution int_uniform"),
        ("model", "{min: 0, max: 3}", ": model is not numeric; list its values instead"),
        (
            "epochs",
            "{distribution: q_uniform, min: 1, max: 9, q: 0.5}",
            ".q: must be an integer, as epochs is, got 0.5",
        ),
        (
            "dropout_p",
            "{distribution: log_uniform, min: 0.1, max: 0.9}",
            ".min: must be at most 1 (log_uniform takes exponents of e",
        ),
        (
            "group",
            "{parameters: {modle: {value: 1}}}",
            ".parameters.modle: unknown parameter, did you",
        ),
    ],
)
def test_value_outside_its_range(file: Path, name: str, raw: str, message: str) -> None:
    lines = mistakes(file, f"parameters:\n  {name}: {raw}\n")
    assert f"sweep.yaml:2: parameters.{name}{message}" in lines[0]


def test_open_ends_may_touch_the_limit(file: Path) -> None:
    """W&B's own example draws learning rates from 0 to 0.1."""
    text = (
        "{learning_rate: {distribution: uniform, min: 0, max: 0.1}, momentum: {min: 0.1, max: 1.0}}"
    )
    assert load(file, f"parameters: {text}").notices == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("metric: {name: val_accuray}", "metric.name: must be one of train_loss"),
        ("metric: {name: val_acc, goal: max}", "metric.goal: must be 'minimize' or 'maximize'"),
        ("metric: val_acc", "metric: must be a mapping of keys to values, got 'val_acc'"),
        ("method: asha", "method: must be 'grid', 'random' or 'bayes', got 'asha'"),
        ("validation: 0.1", "validation: must be `{holdout: 0.1}`, `{folds: 10}`, `val` or `test`"),
        (
            "validation: train",
            "validation: must be `{holdout: 0.1}`, `{folds: 10}`, `val` or `test`",
        ),
        ("validation: {holdout: 1}", "validation.holdout: must be less than 1, got 1"),
        ("resources: {cpu: 0}", "resources.cpu: must be greater than 0"),
        ("resources: {gpu: 2}", "resources.gpu: must be at most 1"),
        ("replicates: yes", "replicates: must be a number, got true"),
        ("data: 5", "data: must be text (put it in quotes), got 5"),
        ("scheduling: x", "scheduling: unknown key"),
        (
            "early_terminate: {type: mean}",
            "early_terminate.type: must be 'asha', 'asha_promote', 'hyperband', 'median', 'pb2' or "
            "'pbt'",
        ),
        ("early_terminate: {type: asha, eta: 1}", "early_terminate.eta: must be greater than 1"),
        (
            "early_terminate: {type: asha, min_iter: 0}",
            "early_terminate.min_iter: must be at least",
        ),
        (
            "early_terminate: {type: asha, brackets: 0}",
            "early_terminate.brackets: must be at least",
        ),
        ("early_terminate: {type: asha, s: 2}", "early_terminate: s requires max_iter too"),
        ("early_terminate: {type: asha, max_iter: 9}", "early_terminate: max_iter requires s too"),
        (
            "early_terminate: {type: asha, min_iter: 1, max_iter: 9}",
            "early_terminate: max_iter requires s too, also beside min_iter, as in W&B",
        ),
        (
            "early_terminate: {type: asha, min_iter: 10}",
            "early_terminate.min_iter: must be less than the epochs of the longest trial (10; "
            "Ray: grace_period), got 10",
        ),
        (
            "early_terminate: {type: hyperband, s: 1, max_iter: 2, eta: 3}",
            "early_terminate.max_iter: leaves no rung",
        ),
    ],
)
def test_other_keys_are_checked(file: Path, text: str, path: str) -> None:
    lines = mistakes(file, f"parameters: {{learning_rate: {{value: 0.1}}}}\n{text}\n")
    assert len(lines) == 1
    assert f"sweep.yaml:2: {path}" in lines[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [("auto", "auto"), ("off", "off"), ("on", "auto"), ("'off'", "off"), ("16", 16)],
)
def test_fuse(file: Path, text: str, value: str | int) -> None:
    assert load(file, f"parameters: {{epochs: {{value: 1}}}}\nfuse: {text}\n").sweep.fuse == value


@pytest.mark.parametrize("text", ["1", "yes please", "2.5", "[2]", "5000", ".inf", "null"])
def test_fuse_is_auto_off_or_a_number(file: Path, text: str) -> None:
    (line,) = mistakes(file, f"parameters: {{epochs: {{value: 1}}}}\nfuse: {text}\n")
    assert "fuse: must be auto, off, or a number of trials from 2 to 1024, got" in line


@pytest.mark.parametrize(("text", "value"), [("32", "32"), ("bf16-mixed", "bf16-mixed")])
def test_precision(file: Path, text: str, value: str) -> None:
    sweep = load(file, f"parameters: {{precision: {{value: {text}}}}}\n").sweep
    assert sweep.parameters["precision"].grid_value(0) == value


def test_precision_is_one_of_three(file: Path) -> None:
    (line,) = mistakes(file, "parameters: {precision: {values: [32, 16]}}\n")
    assert "precision.values[1]: must be one of 32, bf16-mixed, 16-mixed, got 16" in line


def test_lists_of_numbers_by_set(file: Path) -> None:
    text = "parameters: {lr_schedule: {value: step}, epochs: {value: 90}}"
    sweep = load(file, text, "milestones=[30,60],[10]").sweep
    assert listed_values(sweep.parameters["milestones"]) == ("30, 60", "10")
    (line,) = mistakes(file, text, "milestones=30,60")
    assert line.startswith("--set milestones: must be lists in brackets, such as [1, 2]")
