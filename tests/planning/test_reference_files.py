"""The shipped sweep files, and every sweep of the reference study in its own names."""

from pathlib import Path

import pytest

from tune_mc1.config.load import load_sweep
from tune_mc1.config.method import resolve_method
from tune_mc1.config.trial import Trial
from tune_mc1.planning.schedulers.asha import SuccessiveHalving
from tune_mc1.planning.search_space import plan_trials

ROOT = Path(__file__).parents[2]
SWEEPS = ROOT / "tests" / "sweeps"

STUDIES: dict[str, tuple[str, int, set[str], int]] = {
    "single_batch": ("grid", 5, {"CNN"}, 10),
    "first_grid": ("grid", 120, {"CNN_simple", "CNN", "MLP", "ResNeXt50"}, 10),
    "cross_validation": ("grid", 10, {"CNN"}, 10),
    "layers_and_units": ("grid", 7, {"CNN", *(f"CNN{i}" for i in range(2, 8))}, 20),
    "layers_and_units_long": ("grid", 2, {"CNN7", "CNN8"}, 50),
    "complexity_random": ("random", 50, {"CNN", "CNN8"}, 50),
    "regularisation": ("random", 35, {"CNN8"}, 60),
    "batch_norm": ("random", 35, {"CNN8"}, 60),
    "batch_norm_long": ("grid", 1, {"CNN8"}, 100),
    "adam": ("random", 35, {"CNN8"}, 60),
    "larger_models": ("grid", 2, {"VGG", "ResNeXt50"}, 100),
}


def plan(path: Path, command: str) -> list[Trial]:
    sweep, _ = resolve_method(load_sweep(path).sweep, command)
    assert sweep.metric.name == "val_acc"
    assert sweep.metric.goal == "maximize"
    return plan_trials(sweep)


def test_no_study_is_left_out() -> None:
    assert {path.stem for path in SWEEPS.glob("*.yaml")} == set(STUDIES)


@pytest.mark.parametrize("study", STUDIES)
def test_study_runs_unchanged(study: str) -> None:
    command, count, models, epochs = STUDIES[study]
    trials = plan(SWEEPS / f"{study}.yaml", command)
    assert len(trials) == count
    assert {t.config.model for t in trials} == models
    assert {t.config.epochs for t in trials} == {epochs}
    assert {t.config.device for t in trials} <= {"cuda", "auto"}


def test_single_batch_trains_on_one_batch() -> None:
    trials = plan(SWEEPS / "single_batch.yaml", "grid")
    assert {t.config.overfit_batches for t in trials} == {1}
    assert len({t.config.weights_init_type for t in trials}) == 5


def test_cross_validation_has_a_trial_a_fold() -> None:
    assert [t.fold for t in plan(SWEEPS / "cross_validation.yaml", "grid")] == list(range(10))


def test_cnn_with_dropout_is_the_reference_cnn8() -> None:
    loaded = load_sweep(SWEEPS / "regularisation.yaml")
    assert any("read as CNN8" in notice for notice in loaded.notices)
    trials = plan(SWEEPS / "regularisation.yaml", "random")
    assert all(0.1 <= (t.config.dropout_p or 0) <= 1 for t in trials)
    assert all(1e-4 <= t.config.weight_decay <= 1e-2 for t in trials)


def test_batch_norm_and_adam_differ_from_regularisation_in_one_thing() -> None:
    base, norm, adam = (
        [t.config for t in plan(SWEEPS / f"{name}.yaml", "random")]
        for name in ("regularisation", "batch_norm", "adam")
    )
    # Every parameter has its own random numbers, so the studies share their samples.
    assert norm == [c.model_copy(update={"batch_norm": True}) for c in base]
    change = {"optimizer": "Adam", "learning_rate": 1e-4}
    assert adam == [c.model_copy(update=change) for c in base]


def test_quick_start_grid() -> None:
    loaded = load_sweep(ROOT / "configs" / "grid.yaml")
    assert loaded.notices == []
    assert loaded.sweep.data == "auto"
    configs = [t.config for t in plan(ROOT / "configs" / "grid.yaml", "grid")]
    settings = [(c.batch_size, c.learning_rate) for c in configs]
    assert settings == [(b, lr) for lr in (0.01, 0.03) for b in (32, 64, 128)]
    assert {(c.model, c.weights_init_type, c.optimizer, c.epochs) for c in configs} == {
        ("CNN", "kaiming_normal", "SGD", 10)
    }


def test_shipped_random_and_asha() -> None:
    assert len(plan(ROOT / "configs" / "random.yaml", "random")) == 12
    asha = ROOT / "configs" / "asha.yaml"
    trials = plan(asha, "asha")
    assert len(trials) == 40
    assert {t.config.model for t in trials} == {f"CNN{i}" for i in range(2, 7)}
    early = load_sweep(asha).sweep.early_terminate
    assert isinstance(early, SuccessiveHalving)
    assert early.rung_epochs(trials[0].config.epochs) == (1, 3)
