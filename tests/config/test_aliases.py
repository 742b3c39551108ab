"""Names that people use, what they are taken for, and who keeps a name of that kind."""

from pathlib import Path

import pytest

from tests.support.sweep_files import load, mistakes
from tune_mc1.config.aliases import METRIC_ALIASES, PARAMETER_ALIASES, metric_name, parameter_name
from tune_mc1.config.chosen_metrics import SCORES
from tune_mc1.config.load import config_to_yaml, load_sweep, sweep_of
from tune_mc1.config.metrics import METRICS, Metric
from tune_mc1.config.parameters import Categorical, Constant
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.trial import trial_fields
from tune_mc1.config.trial_parameters import PARAMETERS, TrialParameter


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sweep.yaml"


USED = {
    "learning_rate": "lr LR learn_rate learningrate learning-rate learningRate Learning_Rate",
    "epochs": "num_epochs n_epochs max_epochs nb_epochs Epochs max-epochs numEpochs",
    "dropout_p": "dropout dropout_rate dropout_prob dropoutRate",
    "optimizer": "opt optim Optimizer optimizer_type",
    "weight_decay": "wd l2 weight-decay weightDecay",
    "batch_norm": "batchnorm batch-norm use_batch_norm use_batchnorm BatchNorm",
    "batch_size": "bs batch batchsize batch-size BATCH_SIZE",
    "model": "arch model_name architecture net network",
    "weights_init_type": "init weight_init activation_init",
    "lr_schedule": "sched scheduler lr_scheduler",
    "random_erasing_p": "reprob",
}


@pytest.mark.parametrize(
    ("written", "name"), [(word, name) for name, words in USED.items() for word in words.split()]
)
def test_parameter(written: str, name: str) -> None:
    assert parameter_name(written) == name


@pytest.mark.parametrize("name", ["lrr", "learning_rates", "decay", "max_lr", "l", "", "min_iter"])
def test_what_is_no_alias_stays(name: str) -> None:
    assert parameter_name(name) == metric_name(name) == name


def test_no_alias_has_two_meanings_or_hides_a_parameter() -> None:
    assert set(PARAMETER_ALIASES) <= set(trial_fields())
    assert set(METRIC_ALIASES) == set(METRICS) | set(SCORES)
    words = [word for words in PARAMETER_ALIASES.values() for word in words]
    letters = [word.replace("_", "") for word in [*words, *trial_fields()]]
    assert len(set(letters)) == len(letters)
    for name, aliases in PARAMETER_ALIASES.items():
        assert {parameter_name(alias) for alias in aliases} == {name}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *((f"{split}{by}{score}", "val_acc") for split in ("val", "valid", "Validation", "eval")
          for by in "_/. -" for score in ("acc", "Accuracy", "top1")),
        *((name, "val_acc") for name in ("epoch/val_accuracy", "valAcc", "Accuracy/val",
                                         "val_accuracy_epoch")),
        *((name, "val_loss") for name in ("val/loss", "validation_loss", "Loss/val", "valid.loss",
                                          "epoch/val_loss")),
        *((name, "train_loss") for name in ("train/loss", "training_loss", "Loss/train")),
        *((name, "train_acc") for name in ("train_accuracy", "training/acc")),
        *((name, "val_f1") for name in ("val_f1_score", "val/f1", "val_macro_f1", "f1_score/val")),
        ("train/F1", "train_f1"),
    ],
)  # fmt: skip
def test_metric(written: str, name: str) -> None:
    assert metric_name(written) == name


@pytest.mark.parametrize("name", ["val_acc", "val_acc_epoch", "train_loss", "val_f1"])
def test_a_standard_metric_is_no_alias(file: Path, name: str) -> None:
    loaded = load(file, f"metric: {{name: {name}}}\nparameters: {{seed: {{value: 1}}}}")
    assert loaded.sweep.metric.name == name.removesuffix("_epoch")
    assert not any("read as" in notice for notice in loaded.notices)


TEXT = """\
method: grid
metric: {name: val/loss}
parameters:
  LR: {values: [0.1, 1e-2]}
  optimizer:
    parameters:
      wd: {value: 1e-4}
  n_epochs: {value: 1e1}
  opt: {values: [sgd, ADAM, adamw]}
  seed: {value: 3}
"""


def test_one_notice_says_what_was_taken_for_what(file: Path) -> None:
    loaded = load(file, TEXT, "batch-size=1e1,32", "LR=0.5")
    assert loaded.notices == [
        "parameters.optimizer.parameters.wd: read as weight_decay, parameters.n_epochs as epochs, "
        "parameters.opt as optimizer, metric.name val/loss as val_loss, "
        "--set batch-size as batch_size, --set LR as learning_rate"
    ]
    parameters = loaded.sweep.parameters
    assert parameters["learning_rate"] == Constant(value=0.5)
    assert parameters["batch_size"] == Categorical(values=(10, 32))
    assert parameters["optimizer"] == Categorical(values=("SGD", "Adam", "AdamW"))
    assert (loaded.sweep.metric.name, loaded.sweep.metric.goal) == ("val_loss", "minimize")


def test_what_is_kept_has_standard_names_only(file: Path) -> None:
    sweep = load(file, TEXT).sweep
    file.write_text(config_to_yaml(sweep))
    again = load_sweep(file)
    assert (again.sweep, again.notices) == (sweep, [])
    names = ("learning_rate", "weight_decay", "epochs", "optimizer", "seed")
    assert tuple(again.sweep.parameters) == names


def test_one_parameter_under_two_names_is_refused(file: Path) -> None:
    text = "parameters:\n  lr: {value: 1}\n  learning_rate: {value: 1}\n  LR: {value: 1}\n"
    assert mistakes(file, text) == [
        "sweep.yaml:3: parameters.learning_rate: learning_rate is given twice, here and as "
        "parameters.lr",
        "sweep.yaml:4: parameters.LR: learning_rate is given twice, here and as parameters.lr",
    ]
    text = "parameters:\n  epochs: {value: 1}\n  max_epochs: {value: 1}\n"
    assert mistakes(file, text) == [
        "sweep.yaml:3: parameters.max_epochs: epochs is given twice, here and as parameters.epochs"
    ]
    assert mistakes(file, text[:35], "lr=1", "bs=2", "learning_rate=2") == [
        "--set learning_rate: learning_rate is given twice, also as lr"
    ]


def test_mistakes_name_what_was_written(file: Path) -> None:
    text = """\
parameters:
  bs: {values: [0, 1.5]}
  n_epochs: {value: 1e-1}
  arch: {value: resnot}
  Batch-Norm: {min: 0, max: 1}
early_terminate: {type: asha, min_iter: 100}
"""
    lines = mistakes(file, text, "l2=-1")
    assert [line.partition(", did")[0][:80] for line in lines] == [
        "sweep.yaml:2: parameters.bs.values[0]: must be at least 1, got 0",
        "sweep.yaml:2: parameters.bs.values[1]: must be a whole number, got 1.5",
        "sweep.yaml:3: parameters.n_epochs.value: must be a whole number, got '1e-1'",
        "sweep.yaml:4: parameters.arch.value: must be one of MLP, CNN_simple, CNN, CNN2, ",
        "sweep.yaml:5: parameters.Batch-Norm: batch_norm is not numeric; list its values ",
        "--set l2: must be at least 0, got -1",
    ]


def test_a_mistake_in_the_epochs_hides_those_that_follow_from_it(file: Path) -> None:
    text = "parameters: {n_epochs: {value: 0}}\nearly_terminate: {type: asha, min_iter: 100}\n"
    assert len(mistakes(file, text)) == 1
    right = mistakes(file, text.replace("value: 0", "value: 9"))
    assert len(right) == 1
    assert "early_terminate" in right[0]


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("loss", "val_loss or train_loss"),
        ("accuracy", "val_acc or train_acc"),
        ("Acc", "val_acc or train_acc"),
        ("epoch/loss", "val_loss or train_loss"),
        ("f1_score", "val_f1 or train_f1"),
    ],
)
def test_a_metric_without_its_images_is_refused(file: Path, name: str, both: str) -> None:
    text = f"metric: {{name: {name}}}\nparameters: {{lr: {{value: 1}}}}\n"
    assert mistakes(file, text) == [
        f"sweep.yaml:1: metric.name: must be {both} (the name alone fits both), got {name!r}"
    ]


def test_a_plugin_keeps_its_own_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = TrialParameter(float, 0.0, rules={"ge": 0})
    monkeypatch.setitem(PARAMETERS._parts, "lr", own)
    monkeypatch.setitem(PARAMETERS._parts, "wd", own)
    loaded = load(file, "parameters: {lr: {value: 0.5}, WD: {value: 1}, learn_rate: {value: 0.1}}")
    assert loaded.sweep.parameters == {
        "lr": Constant(value=0.5),
        "wd": Constant(value=1.0),
        "learning_rate": Constant(value=0.1),
    }
    assert loaded.notices == ["parameters.WD: read as wd, parameters.learn_rate as learning_rate"]


def test_a_plugins_metric_keeps_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS._parts, "accuracy", Metric("maximize", "some.module:f"))
    assert metric_name("val_accuracy") == metric_name("validation/accuracy") == "val_accuracy"
    assert metric_name("val/acc") == "val_acc"


def test_train_takes_them_too() -> None:
    loaded = sweep_of(["lr=1e-1", "num_epochs=1e0"])
    assert loaded.sweep.parameters == {
        "learning_rate": Constant(value=0.1),
        "epochs": Constant(value=1),
    }
    assert loaded.notices == ["--set lr: read as learning_rate, --set num_epochs as epochs"]


def test_the_names_of_a_program_are_its_own(file: Path) -> None:
    text = """\
program: train.py
method: grid
metric: {name: val/acc, goal: maximize}
parameters:
  lr: {value: 0.1}
  learning_rate: {value: 0.2}
  dropout: {value: 0.5}
"""
    sweep = load(file, text, "bs=8").sweep
    assert isinstance(sweep, ProgramSweep)
    assert list(sweep.parameters) == ["lr", "learning_rate", "dropout", "bs"]
    assert sweep.metric.name == "val/acc"
