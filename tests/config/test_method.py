"""What the command's word makes of a sweep, and where trials are stopped early."""

from typing import Any

import pytest

from tune_mc1.config.method import resolve_method
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.schedulers.asha import SuccessiveHalving
from tune_mc1.planning.schedulers.hyperband import Hyperband


@pytest.mark.parametrize(
    ("early", "longest", "bracket", "rungs"),
    [
        ({"min_iter": 1, "eta": 3}, 9, 0, (1, 3)),
        ({"min_iter": 1, "eta": 3}, 10, 0, (1, 3, 9)),
        ({"min_iter": 1, "eta": 4}, 10, 0, (1, 4)),
        ({"min_iter": 2, "eta": 2}, 17, 1, (4, 8, 16)),
        ({}, 9, 0, (1, 3)),
        # W&B's documentation: max_iter 27, s 2, eta 3 has brackets 27/3 and 27/9.
        ({"max_iter": 27, "s": 2, "eta": 3}, 100, 0, (3, 9)),
        ({"max_iter": 27, "s": 2, "eta": 3}, 9, 0, (3,)),
        ({"max_iter": 5, "s": 9, "eta": 2}, 100, 0, (1, 2)),
        ({"min_iter": 2, "eta": 1.5}, 10, 0, (2, 3, 4, 6)),
        ({"min_iter": 1, "eta": 1.2}, 4, 0, (1, 2, 3)),
        ({"max_iter": 20, "s": 3, "eta": 2.5}, 100, 0, (1, 3, 8)),
    ],
)
def test_rungs(early: dict[str, int], longest: int, bracket: int, rungs: tuple[int, ...]) -> None:
    terminate = SuccessiveHalving.model_validate({"type": "asha", **early})
    assert terminate.rung_epochs(longest, bracket) == rungs


def sweep_of(**keys: Any) -> Sweep:
    parameters = {"learning_rate": {"values": [0.1, 0.2, 0.3]}}
    return Sweep.model_validate({"parameters": parameters} | keys)


def test_command_decides_the_method() -> None:
    sweep, notices = resolve_method(sweep_of(method="random"), "grid")
    assert sweep.method == "grid"
    assert notices == ["method: the file's random is overridden by the command grid"]
    assert resolve_method(sweep_of(run_cap=4), "random")[0].run_cap == 4


@pytest.mark.parametrize("command", ["random", "asha", "bayes"])
def test_searches_need_a_number_of_settings(command: Any) -> None:
    with pytest.raises(InputError, match=f"^f.yaml: run_cap: is required by {command}.* or as -n"):
        resolve_method(sweep_of(), command, source="f.yaml")


def test_asha_is_random_search_stopped_early() -> None:
    sweep, notices = resolve_method(sweep_of(run_cap=7), "asha")
    assert (sweep.method, sweep.run_cap) == ("random", 7)
    assert sweep.early_terminate == SuccessiveHalving(type="asha", min_iter=1, eta=2)
    assert "Ray: grace_period" in notices[0]
    own = {"type": "hyperband", "min_iter": 2}
    sweep, notices = resolve_method(sweep_of(run_cap=5, early_terminate=own), "asha")
    assert sweep.early_terminate == Hyperband(type="hyperband", min_iter=2)
    assert notices == []


def test_bayes_promotes_where_that_fits() -> None:
    sweep, notices = resolve_method(sweep_of(run_cap=7), "bayes")
    assert sweep.early_terminate is not None
    rule = sweep.early_terminate.model_dump(include={"type", "eta", "min_iter"})
    assert rule == {"type": "asha_promote", "eta": 2, "min_iter": 1}
    assert "early_terminate: null" in notices[0]
    longer = {"learning_rate": {"values": [0.1, 0.2]}, "epochs": {"value": 30}}
    sweep, notices = resolve_method(sweep_of(run_cap=7, parameters=longer), "bayes")
    assert sweep.early_terminate is not None
    rule = sweep.early_terminate.model_dump(include={"screen_iter", "min_iter"})
    assert rule == {"screen_iter": 1, "min_iter": 3}
    assert "using asha_promote with screen_iter 1, min_iter 3 and eta 2" in notices[0]
    longer["epochs"] = {"value": 20}
    sweep, notices = resolve_method(sweep_of(run_cap=7, parameters=longer), "bayes")
    assert "using asha_promote with min_iter 2 and eta 2" in notices[0], "no epoch for a screening"
    short = {"learning_rate": {"values": [0.1, 0.2]}, "epochs": {"value": 1}}
    for raw in ({"early_terminate": None}, {"parameters": short}):
        sweep, notices = resolve_method(sweep_of(run_cap=7, **raw), "bayes")
        assert sweep.early_terminate is None
        assert notices == []


def test_asha_needs_two_epochs() -> None:
    one = Sweep.model_validate({"parameters": {"epochs": {"value": 1}}, "run_cap": 3})
    with pytest.raises(InputError, match="min_iter: must be less than the epochs"):
        resolve_method(one, "asha")


def test_grid_and_random_stop_early_where_the_file_says() -> None:
    sweep = sweep_of(run_cap=2, early_terminate={"type": "asha"})
    commands = ("grid", "random")
    for command in commands:
        resolved, notices = resolve_method(sweep, command)
        assert resolved.early_terminate is not None
        assert f"early_terminate: {command} stops poor trials early" in notices[0]


def test_run_cap_of_a_grid_has_a_notice() -> None:
    _, notices = resolve_method(sweep_of(run_cap=2), "grid")
    assert notices == ["run_cap: only the first 2 of the grid's 3 settings are run"]
    assert resolve_method(sweep_of(run_cap=3), "grid")[1] == []


def test_bayes_has_neither_folds_nor_replicates() -> None:
    with pytest.raises(InputError) as caught:
        resolve_method(sweep_of(run_cap=2, replicates=2, validation={"folds": 3}), "bayes")
    assert [line.split(":")[0] for line in caught.value.problems] == ["validation", "replicates"]


def test_bayes_refuses_what_optuna_lacks_before_ray_is_there() -> None:
    normal = {"learning_rate": {"distribution": "normal"}}
    with pytest.raises(InputError, match=r"^a.yaml: parameters.learning_rate: bayes accepts"):
        resolve_method(sweep_of(run_cap=2, parameters=normal), "bayes", source="a.yaml")
