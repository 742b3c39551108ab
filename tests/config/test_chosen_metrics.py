"""Names of metrics that a sweep chooses, and what is refused before anything starts."""

from pathlib import Path

import pytest
import yaml

from tests.support.sweep_files import BASE, load, mistakes
from tune_mc1.config.aliases import metric_name
from tune_mc1.config.chosen_metrics import chosen_columns
from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.metrics import METRICS, Metric, goal_of, metric_label, shown_test_metrics
from tune_mc1.results.columns import TrainingColumns


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("val_auc", "val_auroc"),
        ("val/roc_auc", "val_auroc"),
        ("balanced_accuracy/val", "val_balanced_acc"),
        ("valid_top5", "val_acc_top5"),
        ("val_calibration_error", "val_ece"),
        ("latency_ms", "latency_ms"),
    ],
)
def test_other_names(written: str, name: str) -> None:
    assert metric_name(written) == name
    assert name in chosen_columns()


def test_every_one_has_a_direction_and_labels() -> None:
    goals = {name: goal_of(name) for name in chosen_columns()}
    assert [name for name, goal in goals.items() if goal == "maximize"] == [
        "val_auroc",
        "val_balanced_acc",
        "val_acc_top5",
    ]
    for name in chosen_columns():
        assert metric_label(name, "en")
        assert metric_label(name, "de")
    assert shown_test_metrics("val_auroc") == ("test_auroc", "test_acc")
    assert shown_test_metrics("param_count") == ("test_acc",)


def test_a_plugins_metric_of_the_same_name_is_the_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS._parts, "ece", Metric("maximize", lambda c, _: c[:, 0, 0]))
    assert "val_ece" not in chosen_columns()
    assert goal_of("val_ece") == "maximize"
    names = TrainingColumns(chosen=("val_ece",)).trial_schema().names
    assert len(set(names)) == len(names)


def test_the_resolved_file_says_only_what_was_chosen(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    sweep = load(file, "metrics: [val_auroc, val_f1]\n" + BASE).sweep
    assert sweep.chosen_metrics == ("val_auroc",)
    assert load(file, config_to_yaml(sweep)).sweep == sweep
    assert "metrics" not in yaml.safe_load(config_to_yaml(load(file, BASE).sweep))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metric: {name: train_auroc}", "1: metric.name: must be one of train_loss"),
        ("metric: {name: auroc}", "did you mean 'val_auroc'?, got 'auroc'"),
        ("metrics: val_auroc", "1: metrics: must be a list, got 'val_auroc'"),
        ("metrics: [val_auroc, val_eec]", "1: metrics[1]: must be one of train_loss"),
        ("parameters: {augment: {value: mixup}}", "mixup is a parameter of its own, mixup_alpha"),
        ("parameters: {mixup_alpha: {value: -1}}", "mixup_alpha.value: must be at least 0, got -1"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, told: str) -> None:
    rest = "" if text.startswith("parameters") else BASE
    (line,) = mistakes(tmp_path / "sweep.yaml", f"{text}\n{rest}")
    assert told in line
