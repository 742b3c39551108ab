"""What a Bayesian search learns from: unfinished trials, several metrics, constraints, the past."""

import math
from typing import Any

import pytest

from tune_mc1.config.search import Evidence, SpaceUsedUp
from tune_mc1.config.sweep import Sweep
from tune_mc1.running.search.bayes.history import (
    Observation,
    Seen,
    Use,
    fewer,
    highest_level,
    imputed,
    values_at_level,
)
from tune_mc1.running.search.bayes.search import BayesSearch

RATE = {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}
ASHA = {"type": "asha", "min_iter": 1, "eta": 3}
SPACE = {"learning_rate": RATE, "momentum": {"min": 0.0, "max": 0.95}}


def sweep_of(**keys: Any) -> Sweep:
    content = {"method": "bayes", "run_cap": 60, "data": "cifar10", "parameters": SPACE}
    return Sweep.model_validate({**content, **keys})


class Played:
    """A search whose trials are played: its calls, as a journal has them.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self.search, self.sweep = BayesSearch(sweep), sweep
        self.calls: list[dict[str, Any]] = []
        self.settings: list[dict[str, Any]] = []

    def step(self) -> dict[str, Any]:
        """One more trial; half of those after the first one are stopped after one epoch."""
        name = f"t{len(self.settings) + 1:04d}"
        setting = dict(self.search.ask(name) or {})
        self.settings.append(setting)
        self._call(event="trial", trial=name, config={**setting, "epochs": 9})
        off = abs(math.log10(setting.get("learning_rate", 0.01)) + 2)
        stopped = self.sweep.early_terminate is not None and off > 0.7
        for epoch in (1,) if stopped else (1, 3, 9):
            self.search.report(name, epoch, -off * (1 + 1 / epoch))
            self._call(event="epoch", trial=name, epoch=epoch, value=-off * (1 + 1 / epoch))
        value = -off * (1 + 1 / epoch)
        state = "stopped" if stopped else "completed"
        metrics = {"val_acc": value, "param_count": 1e3 * setting.get("batch_size", 0)}
        self.search.ended(name, state, metrics)
        self.search.tell(name, value)
        self._call(event="told", trial=name, value=value, state=state, metrics=metrics)
        return setting

    def _call(self, **call: Any) -> None:
        self.calls.append(call)


TWO_METRICS = [{"name": "val_acc"}, {"name": "param_count", "goal": "minimize"}]
SEARCHES: dict[str, dict[str, Any]] = {
    "tpe": {},
    "tpe with asha": {"early_terminate": ASHA},
    "gp with asha": {"sampler": "gp", "early_terminate": ASHA},
    "cmaes": {"sampler": {"type": "cmaes", "population_size": 4}},
    "nsgaii": {"sampler": {"type": "nsgaii", "population_size": 4}, "metrics": TWO_METRICS},
    "tpe of two metrics": {"metrics": TWO_METRICS},
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_replay_suggests_the_same(name: str) -> None:
    pytest.importorskip("cmaes")
    sweep = sweep_of(**SEARCHES[name], parameters=SPACE | {"epochs": {"value": 9}})
    played = Played(sweep)
    for _ in range(14):
        played.step()
    again = BayesSearch(sweep)
    again.replay(played.calls)
    following = [played.step() for _ in range(3)]
    assert [dict(again.ask("t0015") or {})] == following[:1]
    other = Played(sweep.model_copy(update={"search_seed": 1}))
    assert other.step() != played.settings[0]


@pytest.mark.parametrize("name", ["tpe", "tpe with asha", "gp with asha", "cmaes"])
def test_it_finds_the_best_rate(name: str) -> None:
    pytest.importorskip("cmaes")
    played = Played(sweep_of(**SEARCHES[name]))
    for _ in range(40):
        played.step()
    late = [abs(math.log10(s["learning_rate"]) + 2) for s in played.settings[25:]]
    assert sorted(late)[len(late) // 2] < 0.5, "random settings are off by 1"


def test_what_a_sweep_with_early_stopping_learns_from() -> None:
    curves: list[dict[int, float]] = [{1: 0.1, 3: 0.3}, {1: 0.2, 3: 0.5}, {1: 0.05}, {1: 0.3}, {}]
    states = ["", "completed", "stopped", "", "failed"]
    trials = [Seen({}, dict(c), state=s) for c, s in zip(curves, states, strict=True)]
    trials[1].values = (0.5,)
    trials[2].values = (0.05,)
    assert highest_level({1: 4, 2: 4, 3: 2}, (1, 3, 9), enough=2) == 3
    assert highest_level({1: 4, 2: 4, 3: 2}, (1, 3, 9), enough=3) == 1
    found = values_at_level(trials, 3)
    uses = [Use.SCORED, Use.SCORED, Use.STOPPED, Use.PENDING, Use.STOPPED]
    assert [one.use for one in found] == uses
    assert [one.values for one in found[:2]] == [(0.3,), (0.5,)]
    assert (found[2].epoch, found[2].value) == (1, 0.05)
    scored = imputed(found, maximize=True)
    assert scored[2].values == pytest.approx((0.05 + 0.25,)), "the median gain of the others"
    assert scored[4].values == (0.3,), "a failed trial is as bad as the worst"
    assert scored[3].use is Use.PENDING


def test_a_model_does_not_learn_from_the_screening() -> None:
    """It is not used before enough trials have come to the rung after it."""
    early = {"type": "asha_promote", "min_iter": 3, "screen_iter": 1, "eta": 2}
    parameters = SPACE | {"epochs": {"value": 9}}
    search = BayesSearch(sweep_of(parameters=parameters, early_terminate=early))
    for i in range(12):
        search.ask(f"t{i}")
        search.report(f"t{i}", 1, 0.1 * i)
    for i in range(5):  # as many as there are parameters that vary, plus three
        assert {one.use for one in search._observations()} == {Use.PENDING}
        search.report(f"t{i}", 3, 0.2 * i)
    assert [one.use for one in search._observations()] == [Use.SCORED] * 5 + [Use.PENDING] * 7


def test_a_costly_model_keeps_the_best_and_the_latest() -> None:
    many = [Observation(Seen({}), Use.SCORED, (float(i % 7),)) for i in range(70)]
    waiting = Observation(Seen({}), Use.PENDING)
    kept = fewer([*many, waiting], 20, maximize=True)
    assert len(kept) == 21
    assert kept[-1] is waiting
    assert sum(one.values == (6.0,) for one in kept) == 10
    assert many[69] in kept


def test_settings_that_violate_a_constraint_are_not_suggested() -> None:
    parameters = SPACE | {"model": {"values": ["CNN", "CNN8", "MLP"]}}
    played = Played(sweep_of(constraints=["param_count <= 1e5"], parameters=parameters))
    assert {played.step()["model"] for _ in range(25)} == {"CNN"}  # of 62,006 parameters
    played = Played(sweep_of(constraints=["param_count <= 1000"], parameters=parameters))
    with pytest.raises(SpaceUsedUp):
        played.step()


def test_a_constraint_on_what_is_measured_is_learned() -> None:
    space = {"learning_rate": RATE, "batch_size": {"min": 1, "max": 256}}
    limit = ["val_f1 <= 0"]
    played = Played(sweep_of(parameters=space, constraints=limit))
    for _ in range(40):
        name = f"t{len(played.settings) + 1:04d}"
        setting = dict(played.search.ask(name) or {})
        played.settings.append(setting)
        over = float(setting["batch_size"] - 64)  # higher accuracy, but beyond the limit
        played.search.ended(name, "completed", {"val_f1": over})
        played.search.tell(name, float(setting["batch_size"]))
    sizes = [setting["batch_size"] for setting in played.settings[20:]]
    assert sum(size <= 64 for size in sizes) > 9, f"a quarter of random ones: {sizes}"


def test_it_begins_with_what_earlier_sweeps_found() -> None:
    cold, warm = (BayesSearch(sweep_of()) for _ in range(2))
    for i in range(30):
        rate = 10 ** (-4 + i / 7.5)
        value = -abs(math.log10(rate) + 1)
        setting = {"learning_rate": rate, "momentum": 0.5, "model": "CNN"}
        warm.learn(Evidence(setting, {1: value}, value, 1))
    warm.learn(Evidence({"learning_rate": 5.0, "momentum": 0.5}, {}, 1.0, 1))  # not in this space
    assert (cold.independent, warm.independent) == (10, 0)
    offs = [
        [abs(math.log10((search.ask(f"t{i}") or {})["learning_rate"]) + 1) for i in range(8)]
        for search in (warm, cold)
    ]
    assert sorted(offs[0])[4] < 0.7 < sorted(offs[1])[4]


def test_no_setting_twice_until_all_are_used_up() -> None:
    space = {"batch_size": {"values": [16, 32, 64]}, "momentum": {"values": [0.0, 0.9]}}
    played = Played(sweep_of(parameters=space))
    drawn = {tuple(sorted(played.step().items())) for _ in range(6)}
    assert len(drawn) == 6
    with pytest.raises(SpaceUsedUp):
        played.step()


CONDITIONAL: dict[str, Any] = {
    "learning_rate": {**RATE, "min": 1e-3},
    "optimizer": {"values": ["SGD", "Adam"]},
    "momentum": {"min": 0.0, "max": 0.95},  # Adam has none
    "weight_decay": {"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1, "zero": 0.3},
    "augment": {"values": ["none", "flip", "flip+crop"], "ordinal": True},
    "epochs": {"value": 3},
}


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes"])
def test_parameters_that_do_not_apply(sampler: str) -> None:
    pytest.importorskip("cmaes")
    options = {"type": sampler, "n_startup_trials": 4}
    sweep = sweep_of(parameters=CONDITIONAL, sampler=options)
    played = Played(sweep)
    for _ in range(30 if sampler == "tpe" else 12):
        setting = played.step()
        assert ("momentum" in setting) == (setting["optimizer"] == "SGD")
        sweep.config(setting)
    again = BayesSearch(sweep)
    calls = [  # in the journal, what does not apply is null
        {**call, "config": {"momentum": None, **call["config"]}} if "config" in call else call
        for call in played.calls
    ]
    again.replay(calls)
    assert dict(again.ask("next")) == played.step()
    if sampler == "tpe":
        decays = [setting["weight_decay"] for setting in played.settings]
        assert 0.0 in decays
        assert any(1e-5 <= decay <= 0.1 for decay in decays)
        assert {setting["augment"] for setting in played.settings} == {"none", "flip", "flip+crop"}


def test_a_sweep_that_another_sampler_began_goes_on() -> None:
    sweep = sweep_of()
    played = Played(sweep)
    for _ in range(12):
        played.step()
    search = sweep.search
    first = {"seed": 0, "momentum": 0.1, "learning_rate": 0.02}
    assert search.resumed(sweep, played.settings[0] | {"seed": 0}) == []
    (told,) = search.resumed(sweep, first)
    assert told.startswith("bayes: an earlier version suggested the settings so far")
    calls = [{**call, "config": first} if "config" in call else call for call in played.calls]
    old, again = BayesSearch(sweep), BayesSearch(sweep)
    for one in (old, again):  # whose journal has neither epochs nor states
        one.replay(
            {k: v for k, v in call.items() if k not in ("state", "metrics")}
            for call in calls
            if call["event"] != "epoch"
        )
    assert old.ask("t0013") == again.ask("t0013")
