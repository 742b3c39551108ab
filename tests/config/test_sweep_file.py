"""Sweep files: what is read from them, and what is said about it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sweep_files import BASE, load, mistakes
from tune_mc1.config.objective import Objective
from tune_mc1.config.sweep import Sweep


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sweep.yaml"


def test_defaults(file: Path) -> None:
    sweep = load(file, BASE).sweep
    assert (sweep.metric.name, sweep.metric.goal) == ("val_acc", "maximize")
    assert (sweep.data, sweep.replicates, sweep.resources, sweep.run_cap) == ("auto", 1, None, None)
    assert sweep.validation.model_dump() == {"holdout": 0.1, "seed": 42}  # type: ignore[union-attr]


def test_all_mistakes_in_one_pass_with_their_lines(file: Path) -> None:
    text = """\
metod: grid
run_cap: 0
parameters:
  learning_rate:
    values: [0.1, -0.1, x]
  batch_size: {min: 1, max: 64.5}
  lr_rate: {value: 1}
  model: {value: CNN9}
  momentum: {distribution: unifrom}
  optimizer: SGD
  dropout_p: {distribution: normal, min: 0}
early_terminate: {type: asha, grace_period: 2}
validation: {folds: 1}
"""
    assert mistakes(file, text) == [
        "sweep.yaml:1: metod: unknown key, did you mean 'method'?",
        "sweep.yaml:2: run_cap: must be at least 1, got 0",
        "sweep.yaml:5: parameters.learning_rate.values[1]: must be greater than 0, got -0.1",
        "sweep.yaml:5: parameters.learning_rate.values[2]: must be a number, got 'x'",
        "sweep.yaml:6: parameters.batch_size.distribution: batch_size is an integer; use "
        "int_uniform or one of the q_ distributions, got 'uniform'",
        "sweep.yaml:7: parameters.lr_rate: unknown parameter, did you mean 'learning_rate'?",
        "sweep.yaml:8: parameters.model.value: must be one of MLP, CNN_simple, CNN, CNN2, CNN3, "
        "CNN4, CNN5, CNN6, CNN7, CNN8, VGG, ResNeXt50, ConvNet, ResNet9, Airbench, did you mean "
        "'CNN'?, got 'CNN9'",
        "sweep.yaml:9: parameters.momentum.distribution: unknown distribution, did you mean "
        "'uniform'?, got 'unifrom'",
        "sweep.yaml:10: parameters.optimizer: must be a mapping such as `optimizer: "
        "{value: SGD}`, got 'SGD'",
        "sweep.yaml:11: parameters.dropout_p.min: is not a key of distribution normal "
        "(its keys: distribution, mu, sigma, when)",
        "sweep.yaml:12: early_terminate.grace_period: unknown key, did you mean 'min_iter'?",
        "sweep.yaml:13: validation.folds: must be at least 2, got 1",
    ]


def test_replicates_and_swept_seeds_exclude_each_other(file: Path) -> None:
    text = "replicates: 2\nparameters: {seed: {values: [0, 1]}}\n"
    assert mistakes(file, text) == [
        "sweep.yaml: replicates: must be 1 where parameters.seed varies, got 2"
    ]


@pytest.mark.parametrize("text", ["name: x\n", "parameters:\n", "parameters: []\n"])
def test_parameters_are_needed(file: Path, text: str) -> None:
    assert "parameters: must be a mapping such as" in mistakes(file, text)[0]


def test_wandb_only_keys_are_accepted_and_named(file: Path) -> None:
    text = (
        "apiVersion: x\nproject: p\nentity: e\n"
        "metric: {name: val_loss, goal: minimize, impute: best}\n"
        "early_terminate: {type: hyperband, min_iter: 2, strict: true}\n"
    )
    loaded = load(file, BASE + text)
    assert loaded.notices == ["apiVersion, metric.impute: only for W&B's own agents, ignored here"]
    assert (loaded.sweep.project, loaded.sweep.entity) == ("p", "e")


@pytest.mark.parametrize(
    ("metric", "name", "goal", "notice"),
    [
        ("{name: val_acc_epoch, goal: maximize}", "val_acc", "maximize", None),
        ("{name: train_loss_epoch}", "train_loss", "minimize", None),
        ("{name: val_f1}", "val_f1", "maximize", "W&B would minimize it"),
        ("{name: val_acc, goal: minimize}", "val_acc", "minimize", "higher is better"),
        ("{name: val_loss, goal: maximize}", "val_loss", "maximize", "lower is better"),
    ],
)
def test_metric(file: Path, metric: str, name: str, goal: str, notice: str | None) -> None:
    loaded = load(file, BASE + f"metric: {metric}\n")
    assert (loaded.sweep.metric.name, loaded.sweep.metric.goal) == (name, goal)
    assert len(loaded.notices) == (notice is not None)
    assert notice is None or notice in loaded.notices[0]


def test_nested_parameters_count_by_their_own_names(file: Path) -> None:
    text = """\
parameters:
  optimizer:
    parameters:
      learning_rate: {values: [0.1, 0.2]}
      deeper: {parameters: {momentum: {value: 0.9}}}
  epochs: {value: 3}
"""
    assert set(load(file, text).sweep.parameters) == {"learning_rate", "momentum", "epochs"}
    twice = mistakes(file, text + "  momentum: {value: 0}\n")
    assert twice == [
        "sweep.yaml:7: parameters.momentum: momentum is given twice, here and as "
        "parameters.optimizer.parameters.deeper.parameters.momentum"
    ]


def test_misleading_ranges_are_explained(file: Path) -> None:
    text = "parameters: {learning_rate: {distribution: log_uniform, min: -7, max: -2}}"
    assert "draws from 0.0009119 to 0.1353; log_uniform_values" in load(file, text).notices[0]
    whole = load(file, "parameters: {model: {value: CNN8}, dropout_p: {min: 0, max: 1}}")
    assert "so only integers are drawn, as in W&B; write 0.0" in whole.notices[0]


@pytest.mark.parametrize(
    ("parameters", "model"),
    [
        ("{model: {value: CNN}, dropout_p: {value: 0.5}}", "CNN8"),
        ("{model: {values: [CNN]}, dropout_p: {value: 0}}", "CNN8"),
        ("{model: {value: CNN}, dropout_p: {value: null}}", "CNN"),
        ("{model: {value: CNN}}", "CNN"),
        ("{model: {values: [CNN, CNN8]}, dropout_p: {value: 0}}", "CNN"),
    ],
)
def test_cnn_with_dropout_means_cnn8(file: Path, parameters: str, model: str) -> None:
    loaded = load(file, f"parameters: {parameters}")
    assert loaded.sweep.parameters["model"].grid_value(0) == model
    assert bool(loaded.notices) == (model == "CNN8")


def test_overrides_replace_parameters(file: Path) -> None:
    text = BASE + "  batch_size: {value: broken}\n"
    sweep = load(file, text, "learning_rate=1e-4", "batch_size=8, 16", "model=CNN2").sweep
    values = {
        name: [p.grid_value(i) for i in range(p.grid_size or 0)]
        for name, p in sweep.parameters.items()
    }
    assert values == {"learning_rate": [1e-4], "batch_size": [8, 16], "model": ["CNN2"]}


def test_overrides_are_checked_like_the_file(file: Path) -> None:
    items = (
        "learning_rate=-1",
        "modle=CNN",
        "epochs",
        "momentum=0,,1",
        "seed=[1",
        "epochs=",
        "x=1",
    )
    assert mistakes(file, BASE + "run_cap: 0\n", *items) == [
        "sweep.yaml:4: run_cap: must be at least 1, got 0",
        "--set learning_rate: must be greater than 0, got -1",
        "--set modle: unknown parameter, did you mean 'model'?",
        "--set: must be name=value[,value...], got 'epochs'",
        "--set: must be name=value[,value...], got 'momentum=0,,1'",
        "--set seed: must be a number or a word, got '[1'",
        "--set: must be name=value[,value...], got 'epochs='",
        *mistakes(file, BASE, "x=1"),
    ]


def test_override_alone_is_enough(file: Path) -> None:
    assert load(file, "name: x\n", "epochs=3").sweep.longest_epochs == 3


def test_sweep_made_in_python_is_checked_too() -> None:
    with pytest.raises(ValueError, match=r"learning_rate.value: must be greater than 0, got -1"):
        Sweep.model_validate({"parameters": {"learning_rate": {"value": -1}}})
    with pytest.raises(ValueError, match="did you mean 'learning_rate'"):
        Sweep.model_validate({"parameters": {"learning_rat": {"value": 1}}})
    assert Objective(name="val_loss").goal == "minimize"


def test_messages_wait_neither_for_torch_nor_for_ray() -> None:
    code = (
        "import sys, tune_mc1.config.load, tune_mc1.planning.search_space;"
        "print([m for m in ('torch', 'ray', 'pandas', 'scipy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
