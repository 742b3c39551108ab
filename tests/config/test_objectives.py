"""Several metrics, constraints and the sampler in a sweep file, and what is refused."""

from pathlib import Path

import pytest

from tests.support.sweep_files import BASE, load, mistakes
from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.method import resolve_method
from tune_mc1.config.sampler import Sampler
from tune_mc1.errors import InputError
from tune_mc1.planning.plan import prepare

BAYES = (
    "method: bayes\nrun_cap: 9\nparameters:\n  learning_rate: {min: 0.01, max: 0.1}\n"
    "  optimizer: {values: [SGD, Adam]}\n"
)
PROGRAM = (
    "program: train.py\nmethod: bayes\nmetric: {name: a}\nparameters: {x: {min: 0.0, max: 1.0}}\n"
)


def test_metrics_with_goals_are_optimised(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    text = "metrics: [{name: val_f1}, {name: latency_ms, goal: minimize}, val_ece]\n"
    sweep = load(file, text + BASE).sweep
    goals = [(one.name, one.goal) for one in sweep.objectives]
    assert goals == [("val_f1", "maximize"), ("latency_ms", "minimize")]
    assert sweep.metric.name == "val_f1"
    assert sweep.chosen_metrics == ("latency_ms", "val_ece")
    assert load(file, config_to_yaml(sweep)).sweep == sweep
    sweep = load(file, "metric: {name: val_acc}\n" + text + BASE).sweep
    assert [one.name for one in sweep.objectives] == ["val_acc", "val_f1", "latency_ms"]
    text = "metrics: [{name: b, goal: maximize}]\nconstraints: ['cost <= 3']\n"
    sweep = load(file, text + PROGRAM).sweep
    assert [(one.name, one.goal) for one in sweep.objectives] == [
        ("a", "minimize"),
        ("b", "maximize"),
    ]
    assert load(file, config_to_yaml(sweep)).sweep == sweep


def test_constraints(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    sweep = load(file, "constraints: ['param_count<=1_000_000', 'val_acc >= .5']\n" + BASE).sweep
    few, good = sweep.limits
    assert (str(few), str(good)) == ("param_count <= 1e+06", "val_acc >= 0.5")
    assert sweep.chosen_metrics == ("param_count",)
    assert few.violation(1.5e6) == pytest.approx(0.5)
    assert few.violation(1e6) == 0 == good.violation(0.5)
    assert good.violation(0.25) == pytest.approx(0.5)
    assert few.violation(None) == few.violation(float("nan")) == 1
    assert load(file, config_to_yaml(sweep)).sweep == sweep


def test_a_plan_leaves_out_what_violates_a_constraint(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    models = "data: cifar10\nparameters: {model: {values: [CNN8, CNN, MLP, CNN_simple]}}\n"
    file.write_text("method: grid\nreplicates: 2\nconstraints: [param_count <= 1e5]\n" + models)
    plan = prepare("grid", file, elsewhere=True)
    assert [(t.id, t.config.model) for t in plan.training_trials] == [
        ("t0001", "CNN"),
        ("t0002", "CNN"),
        ("t0003", "CNN_simple"),
        ("t0004", "CNN_simple"),
    ]
    told = "constraints: 4 of 8 trials are left out, as they violate param_count <= 100000"
    assert told in plan.notices
    file.write_text("method: grid\nconstraints: [param_count <= 10]\n" + models)
    with pytest.raises(InputError, match=r"constraints: no setting fulfils param_count <= 10$"):
        prepare("grid", file, elsewhere=True)


def test_samplers(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    sweep = load(file, "sampler: gp\n" + BAYES).sweep
    assert sweep.sampler == Sampler(type="gp")
    sweep = load(file, "sampler: {type: nsgaii, population_size: 8}\n" + BAYES).sweep
    assert sweep.sampler == Sampler(type="nsgaii", population_size=8)
    assert load(file, config_to_yaml(sweep)).sweep == sweep
    _, notices = resolve_method(sweep, "random")
    assert "sampler: nsgaii is for bayes and not used by random" in notices


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sampler: tpa", "1: sampler.type: must be 'tpe', 'gp', 'cmaes' or 'nsgaii', got 'tpa'"),
        ("sampler: {type: tpe, seed: 3}", "1: sampler.seed: unknown key"),
        ("constraints: [param_count < 3]", "must be `METRIC <= NUMBER` or `METRIC >= NUMBER`"),
        ("constraints: [param_count <= many]", "; many is no number, got 'param_count <= many'"),
        ("constraints: [param_count <= inf]", "; inf is not finite"),
        ("constraints: [params <= 3]", "1: constraints[0]: must be one of train_loss"),
        ("metrics: [{name: val_eec}]", "must be one of train_loss"),
        ("metrics: [{name: val_ece, gaol: minimize}]", "1: metrics[0].gaol: "),
        ("metrics: [{name: f1, goal: maximize}]", "must be val_f1 or train_f1"),
        (
            "metric: {name: val_acc}\nmetrics: [{name: val_acc, goal: minimize}]",
            "metrics: val_acc has two goals",
        ),
    ],
)
def test_mistakes(tmp_path: Path, text: str, told: str) -> None:
    (line,) = mistakes(tmp_path / "sweep.yaml", f"{text}\n{BASE}")
    assert told in line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sampler: {type: tpe, population_size: 4}", "is for cmaes and nsgaii, not for tpe"),
        (
            "sampler: cmaes\nmetrics: [{name: val_f1}, {name: val_ece}]",
            "sampler: cmaes optimises one metric, got val_f1, val_ece",
        ),
    ],
)
def test_what_a_sampler_cannot(tmp_path: Path, text: str, told: str) -> None:
    sweep = load(tmp_path / "sweep.yaml", f"{text}\n{BAYES}").sweep
    with pytest.raises(InputError, match=told):
        resolve_method(sweep, "bayes")
