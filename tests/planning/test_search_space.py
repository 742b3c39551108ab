"""From a sweep to its trials."""

from typing import Any

import pytest

from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.search import SEARCHES, SpaceUsedUp
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import InputError
from tune_mc1.planning.draws import sample
from tune_mc1.planning.search.grid_search import GridSearch
from tune_mc1.planning.search_space import fewer_notice, plan_program_trials, plan_trials
from tune_mc1.running.search.bayes.search import BayesSearch
from tune_mc1.running.search.endless import EndlessRandom


def make(parameters: dict[str, Any], **keys: Any) -> Sweep:
    return Sweep.model_validate({"method": "grid", "parameters": parameters, **keys})


def test_a_grid_is_in_the_order_of_the_file() -> None:
    """The last parameter fastest, values as listed; `wandb/sweeps` sorts by name."""
    sweep = make(
        {
            "learning_rate": {"values": [0.03, 0.01]},
            "model": {"values": ["CNN2", "CNN"]},
            "epochs": {"min": 1, "max": 2},
            "batch_size": {"value": 8},
        }
    )
    assert GridSearch().settings(sweep) == [
        {"batch_size": 8, "epochs": epochs, "learning_rate": rate, "model": model}
        for rate in (0.03, 0.01)
        for model in ("CNN2", "CNN")
        for epochs in (1, 2)
    ]


def test_grid_over_q_uniform_leaves_out_max_as_wandb() -> None:
    sweep = make({"dropout_p": {"distribution": "q_uniform", "min": 0, "max": 0.3, "q": 0.1}})
    assert GridSearch().settings(sweep) == [{"dropout_p": p} for p in (0.0, 0.1, 0.2)]


def test_grid_takes_the_first_run_cap_settings_of_a_huge_grid() -> None:
    sweep = make({"seed": {"min": 0, "max": 2**62}, "epochs": {"values": [5, 6]}}, run_cap=2)
    assert GridSearch().settings(sweep) == [{"epochs": 5, "seed": 0}, {"epochs": 6, "seed": 0}]


def test_huge_grid_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="at most 100000 settings, got 4611686018427387905"):
        GridSearch().settings(make({"seed": {"min": 0, "max": 2**62}}))


def test_grid_over_a_continuous_range_names_the_parameter() -> None:
    with pytest.raises(InputError, match=r"^parameters.learning_rate: .* got 'uniform'$"):
        GridSearch().settings(
            make({"learning_rate": {"min": 0.1, "max": 0.2}, "epochs": {"values": [1, 2]}})
        )


RANDOM = {
    "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 1e-1},
    "batch_size": {"values": [32, 64]},
    "epochs": {"value": 3},
}


def test_samples_depend_neither_on_their_number_nor_on_other_parameters() -> None:
    first = sample(make(RANDOM), 20)
    assert sample(make(RANDOM), 5) == first[:5]
    assert len({s["learning_rate"] for s in first}) == 20
    more = sample(make(RANDOM | {"momentum": {"min": 0.0, "max": 0.9}}), 20)
    assert [{k: v for k, v in s.items() if k != "momentum"} for s in more] == first


def test_search_seed_changes_the_samples() -> None:
    assert sample(make(RANDOM), 5) != sample(make(RANDOM, search_seed=1), 5)


def test_trials_by_setting_then_seed_then_fold() -> None:
    sweep = make(
        {"learning_rate": {"values": [0.1, 0.2]}, "seed": {"value": 7}},
        replicates=2,
        validation={"folds": 3},
    )
    trials = plan_trials(sweep)
    assert [(t.config.learning_rate, t.config.seed, t.fold) for t in trials] == [
        (lr, seed, fold) for lr in (0.1, 0.2) for seed in (7, 8) for fold in (0, 1, 2)
    ]
    assert [t.id for t in trials] == [f"t{i:04d}" for i in range(1, 13)]
    assert len({t.config.config_hash for t in trials}) == 2


def test_random_plan_has_run_cap_settings_without_folds() -> None:
    trials = plan_trials(make(RANDOM, method="random", run_cap=4, replicates=2))
    assert len(trials) == 8
    assert {t.fold for t in trials} == {None}


def test_replicates_of_single_batch_stay_on_one_batch() -> None:
    trials = plan_trials(make({"model": {"value": "CNN_singlebatch"}}, replicates=2))
    assert [(t.config.overfit_batches, t.config.seed) for t in trials] == [(1, 0), (1, 1)]


def test_settings_that_do_not_fit_together_are_counted() -> None:
    sweep = make(
        {
            "epochs": {"values": [2, 9]},
            "warmup_epochs": {"values": [5, 1]},
            "learning_rate": {"values": [0.1, 0.2]},
        }
    )
    with pytest.raises(InputError) as caught:
        plan_trials(sweep, source="a.yaml")
    assert len(caught.value.problems) == 1
    line = caught.value.problems[0]
    assert line.startswith("a.yaml: parameters.warmup_epochs: must be less than epochs (2)")
    assert line.endswith("got 5 (in 2 of 8 settings)")


def test_many_mistakes_are_cut() -> None:
    sweep = make(
        {"model": {"value": "CNN2"}, "dropout_p": {"min": 0.1, "max": 0.9}},
        method="random",
        run_cap=30,
    )
    with pytest.raises(InputError) as caught:
        plan_trials(sweep)
    assert len(caught.value.problems) == 11
    assert caught.value.problems[-1] == "and 20 more mistakes"


def test_a_draw_outside_the_range_is_reported() -> None:
    sweep = make(
        {"learning_rate": {"distribution": "normal", "mu": 0}}, method="random", run_cap=10
    )
    with pytest.raises(InputError, match=r"parameters.learning_rate: must be greater than 0, got"):
        plan_trials(sweep)


def test_too_many_trials_are_refused_before_they_are_made() -> None:
    sweep = make({"seed": {"value": 0}, "epochs": {"min": 1, "max": 90_000}}, replicates=1000)
    with pytest.raises(InputError, match="at most 100000 trials, got 90000000"):
        plan_trials(sweep)


def test_optuna_draws_every_parameter() -> None:
    sweep = make(
        {
            "model": {"values": ["CNN", "CNN8"]},
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 1e-1},
            "weight_decay": {"distribution": "inv_log_uniform", "min": 2, "max": 4},
            "momentum": {"distribution": "q_uniform", "min": 0, "max": 0.9, "q": 0.3},
            "batch_size": {"distribution": "q_uniform", "min": 32, "max": 128, "q": 32},
            "epochs": {"min": 2, "max": 4},
            "seed": {"value": 5},
        },
        sampler={"n_startup_trials": 0},
    )
    search = BayesSearch(sweep)
    drawn = [dict(search.ask(str(i))) for i in range(40)]
    seen = {name: {d[name] for d in drawn} for name in sweep.parameters}
    assert seen["model"] == {"CNN", "CNN8"}
    assert all(1e-3 <= x <= 1e-1 for x in seen["learning_rate"])
    assert all(0.018 < x < 0.136 for x in seen["weight_decay"])
    assert {round(x, 6) for x in seen["momentum"]} == {0.0, 0.3, 0.6, 0.9}
    assert seen["batch_size"] == {32, 64, 96, 128}
    assert seen["epochs"] == {2, 3, 4}
    assert seen["seed"] == {5}


@pytest.mark.parametrize(
    "raw", [{"distribution": "normal"}, {"distribution": "beta"}, {"distribution": "q_log_normal"}]
)
def test_bayes_names_what_could_be_no_valid_value(raw: dict[str, Any]) -> None:
    (problem,) = SEARCHES["bayes"].problems(make({"learning_rate": raw}))
    assert str(problem).startswith("parameters.learning_rate: bayes accepts")


def test_bayes_needs_something_to_search() -> None:
    (problem,) = SEARCHES["bayes"].problems(make({"learning_rate": {"value": 0.1}}))
    assert str(problem) == "parameters: bayes requires at least one that varies"


def test_a_parameter_at_its_default_leaves_the_hash_of_a_setting_alone() -> None:
    plain = TrialConfig(model="CNN2").config_hash
    assert TrialConfig(model="CNN2", drop_last=False, seed=7).config_hash == plain
    assert TrialConfig(model="CNN2", drop_last=True).config_hash != plain


def test_a_random_search_draws_each_setting_once() -> None:
    """The first draws are those of `sample`; the last of 64 settings are listed."""
    space = {"batch_size": {"min": 1, "max": 32}, "shuffle": {"values": [True, False]}}
    sweep = make(space, method="random", run_cap=80)
    trials = plan_trials(sweep)
    ran = [(t.config.batch_size, t.config.shuffle) for t in trials]
    assert len(set(ran)) == len(ran) == 64
    drawn = list(dict.fromkeys((s["batch_size"], s["shuffle"]) for s in sample(sweep, 80)))
    assert ran[: len(drawn)] == drawn
    assert fewer_notice(sweep, trials) == [
        "run_cap: 80 settings were asked for, but the parameters have only 64 different settings; "
        "each is run once"
    ]
    fewer = plan_trials(make(space, method="random", run_cap=20))
    assert [t.config for t in fewer] == [t.config for t in trials[:20]]


@pytest.mark.parametrize("method", ["grid", "random"])
def test_replicates_of_one_setting_are_its_seeds(method: str) -> None:
    sweep = make({"learning_rate": {"value": 0.1}}, method=method, run_cap=8, replicates=5)
    trials = plan_trials(sweep)
    assert [t.config.seed for t in trials] == [0, 1, 2, 3, 4]
    asked = fewer_notice(sweep, trials)
    assert bool(asked) is (method == "random")
    if asked:
        assert asked[0].endswith("have only one setting; each is run once, with 5 seeds")


def test_trials_that_come_to_the_same_run_once() -> None:
    names = {"model": {"values": ["CNN", "CNN_singlebatch"]}, "overfit_batches": {"value": 1}}
    assert len(plan_trials(make(names))) == 1


def test_a_program_may_repeat_a_setting_and_a_module_does_not() -> None:
    content = {"parameters": {"lr": {"values": [0.1, 0.2, 0.3]}}, "directory": "/"}
    asked = content | {"method": "random", "run_cap": 10}
    program = ProgramSweep.model_validate({**asked, "program": "x.py"})
    assert len(plan_program_trials(program)) == 10
    module = ModuleSweep.model_validate({**asked, "module": "x:Y"})
    trials = plan_program_trials(module)
    assert sorted(t.values["lr"] for t in trials) == [0.1, 0.2, 0.3]
    assert "only 3 different settings" in fewer_notice(module, trials)[0]
    endless = EndlessRandom(module.model_copy(update={"run_cap": None}))
    assert [endless.ask(t.id) for t in trials] == [t.values for t in trials]
    with pytest.raises(SpaceUsedUp):
        endless.ask("t0004")
