"""Population based training: decisions by hand and against Ray Tune's, and explored values."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from ray.tune.schedulers import PopulationBasedTraining as RayPopulation

from tune_mc1.config.parameters import Parameter
from tune_mc1.config.trial import TrialConfig
from tune_mc1.planning.exchanges import Arrival, Copy, Exchange, network_key
from tune_mc1.planning.explore import explored
from tune_mc1.planning.population import Population
from tune_mc1.planning.removed import Removed
from tune_mc1.seeding import derive_seed

LOG = {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1}


def parameter(**keys: Any) -> Parameter:
    read: Parameter = TypeAdapter(Parameter).validate_python(keys)
    return read


def population(quantile: float = 0.25, epochs: Sequence[int] = (2, 4, 6)) -> Population:
    return Population(epochs, quantile, 0.25, (1.2, 0.8), 7, {"learning_rate": parameter(**LOG)})


def arrive(tried: Population, scores: Sequence[float | None], epoch: int = 2) -> None:
    for i, score in enumerate(scores):
        assert tried.decide(f"t{i}", epoch, score) == Arrival(f"t{i}", epoch, score)


def test_a_decision_by_hand() -> None:
    """Of eight trials the two worst copy one of the two best, whom their own draws choose."""
    tried = population()
    assert tried.decide("t0", 1, 0.5) is None
    arrive(tried, [0.5, 0.2, 0.9, None, 0.4, 0.8, 0.8, 0.3])
    assert tried.decide("t0", 2, 0.6) is None, "a resumed trial reports its epoch again"
    made = tried.exchange(dict.fromkeys([f"t{i}" for i in range(8)], ""))
    sources = ["t5", "t2"]  # t6 is as good as t5, which comes first; ascending
    first, second = (sources[derive_seed(7, "exploit", trial, 2) % 2] for trial in ("t1", "t3"))
    scores = {"t2": 0.9, "t5": 0.8}
    assert made == Exchange(
        2,
        tuple(f"t{i}" for i in range(8)),
        (
            Copy("t1", first, 0.2, scores[first]),
            Copy("t3", second, None, scores[second]),
        ),
    )
    rate = tried.explored({"learning_rate": 0.05}, "t1", 2)["learning_rate"]
    assert rate == tried.explored({"learning_rate": 0.05}, "t1", 2)["learning_rate"]
    assert rate != tried.explored({"learning_rate": 0.05}, "t3", 2)["learning_rate"]


def test_weights_stay_within_a_network_and_those_behind_come_first() -> None:
    tried = population(0.5)
    arrive(tried, [0.1, 0.2, 0.3, 0.4])
    tried.decide("late", 4, 0.9)
    networks = {"t0": "a", "t1": "b", "t2": "a", "t3": "b", "late": "a"}
    made = tried.exchange(networks)
    assert made is not None
    assert made.trials == ("t0", "t1", "t2", "t3")
    assert [(copy.trial, copy.source) for copy in made.copies] == [("t0", "t2"), ("t1", "t3")]
    base = TrialConfig(model="CNN", learning_rate=0.1, seed=3, batch_size=64)
    assert network_key(base) == network_key(TrialConfig(model="CNN"))
    assert network_key(base) != network_key(TrialConfig(model="CNN2"))


class _State:
    def __init__(self, score: float) -> None:
        self.last_score = score


class _Trial:
    def is_finished(self) -> bool:
        return False


@given(st.lists(st.floats(0, 1), min_size=1, max_size=25, unique=True), st.floats(0.01, 0.5))
def test_the_quantiles_are_those_of_ray_tune(scores: list[float], quantile: float) -> None:
    ray = RayPopulation(
        metric="m", mode="max", quantile_fraction=quantile, hyperparam_mutations={"x": [1, 2]}
    )
    trials = {f"t{i}": _Trial() for i in range(len(scores))}
    states: Any = {trials[f"t{i}"]: _State(score) for i, score in enumerate(scores)}
    ray._trial_state = states
    lower, upper = ray._quantiles()
    names = {id(trial): name for name, trial in trials.items()}
    tried = population(quantile)
    arrive(tried, scores)
    made = tried.exchange(dict.fromkeys(trials, ""))
    assert made is not None
    assert {copy.trial for copy in made.copies} == {names[id(t)] for t in lower}
    assert {copy.source for copy in made.copies} <= {names[id(t)] for t in upper}


DISTRIBUTIONS = [
    (LOG, lambda x: 0.001 <= x <= 0.1),
    ({**LOG, "zero": 0.3}, lambda x: x == 0 or 0.001 <= x <= 0.1),
    ({"min": 0.0, "max": 0.9}, lambda x: 0 <= x <= 0.9),
    ({"min": 2, "max": 9}, lambda x: isinstance(x, int) and 2 <= x <= 9),
    (
        {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.1},
        lambda x: 0 <= x <= 1 and x == float(f"{round(x / 0.1) * 0.1:.12g}"),
    ),
    ({"values": [0.9, 0, 0.5]}, lambda x: x in (0, 0.5, 0.9)),
    ({"values": [0.1, 0.2, 0.3], "probabilities": [0.5, 0, 0.5]}, lambda x: x in (0.1, 0.3)),
    ({"distribution": "log_normal", "mu": -3.0, "sigma": 1.0}, lambda x: 0.001 < x < 2),
    ({"distribution": "beta", "a": 2.0, "b": 3.0}, lambda x: 0 <= x <= 1),
]


@pytest.mark.parametrize(("keys", "inside"), DISTRIBUTIONS, ids=[str(k) for k, _ in DISTRIBUTIONS])
def test_values_stay_in_their_distribution(keys: dict[str, Any], inside: Any) -> None:
    own = parameter(**keys)
    rng = np.random.default_rng(1)
    value, seen = own.sample(rng), set()
    for i in range(400):
        value = explored(own, value, rng, 0.1 if i % 2 else 0, (1.2, 0.8))
        assert inside(value), value
        seen.add(value)
    assert len(seen) > 1


def test_how_values_move() -> None:
    rng = np.random.default_rng(0)

    def moves(keys: dict[str, Any], value: float) -> set[Any]:
        return {explored(parameter(**keys), value, rng, 0, (1.2, 0.8)) for _ in range(40)}

    assert moves(LOG, 0.01) == {0.01 * 1.2, 0.01 * 0.8}
    assert moves(LOG, 0.09) == {math.nextafter(0.1, 0), 0.09 * 0.8}
    assert moves({"min": 2, "max": 9}, 3) == {4, 2}
    assert moves({"values": [0.9, 0.0, 0.5, 0.95]}, 0.5) == {0.0, 0.9}
    assert moves({"values": [0.9, 0.0, 0.5, 0.95]}, 0.95) == {0.9, 0.95}
    assert moves({**LOG, "zero": 0.3}, 0.0) == {0.0}


def drive(tried: Population, trials: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Runs a population to its end; its events."""
    epochs = dict.fromkeys(trials, 0)
    for trial in trials:
        epochs[trial] = max((a.epoch for a in [tried._last.get(trial)] if a), default=0)
    while True:
        made = tried.exchange(dict.fromkeys(trials, ""))
        running = trials if made is None else made.trials
        if made is not None:
            names = ("trial", "source", "score", "source_score")
            copies = [{name: getattr(copy, name) for name in names} for copy in made.copies]
            tried.restore([made])
            yield {
                "event": "exchange",
                "epoch": made.epoch,
                "trials": made.trials,
                "copies": copies,
            }
        for trial in running:
            for epoch in range(epochs[trial] + 1, 9):
                epochs[trial] = epoch
                score = derive_seed(5, trial, epoch) / 2**63
                if (arrival := tried.decide(trial, epoch, score)) is not None:
                    yield dict(tried.to_event(arrival))
                    break
        if not tried.paused:
            return


def test_restored_after_any_exchange_it_decides_alike() -> None:
    trials = [f"t{i}" for i in range(7)]
    events = list(drive(population(), trials))
    exchanges = [i for i, event in enumerate(events) if event["event"] == "exchange"]
    assert len(exchanges) == 3
    for cut in exchanges:
        again = population()
        again.restore(map(again.from_event, events[:cut]))
        assert list(drive(again, trials)) == events[cut:]
        assert again.gone(map(again.from_event, events[:cut])) == set(trials)
        assert again.gone(map(again.from_event, events[: cut + 1])) == set()


def test_diverged_trials_count_as_the_worst_and_are_replaced() -> None:
    """Of eight, two copy; where three have diverged, those three do."""
    networks = dict.fromkeys([f"t{i}" for i in range(8)], "")
    tried = population()
    arrive(tried, [0.5, 0.2, 0.9, 0.6, 0.4, 0.8, 0.7])
    made = tried.exchange(networks, {"t7": 1})
    assert made is not None
    assert [copy.trial for copy in made.copies] == ["t1", "t7"]
    assert {copy.source for copy in made.copies} <= {"t2", "t5"}
    assert made.copies[1].score is None
    assert made.trials == tuple(networks)
    many = population()
    arrive(many, [0.5, 0.2, 0.9, 0.6, 0.4])
    found = many.exchange(networks, {"t5": 0, "t6": 0, "t7": 1})
    assert found is not None
    assert [copy.trial for copy in found.copies] == ["t5", "t6", "t7"]


def test_a_diverged_trial_stays_without_one_to_copy_or_after_it_has_gone_further() -> None:
    tried = population(0.5)
    arrive(tried, [0.1, None])
    networks = {"t0": "a", "t1": "b", "t2": "b", "t3": "a", "t4": "a"}
    made = tried.exchange(networks, {"t2": 0, "t3": 1, "t4": 2})
    assert made is not None
    assert made.trials == ("t0", "t1", "t3")
    assert [(copy.trial, copy.source) for copy in made.copies] == [("t3", "t0")]


def test_a_replaced_trial_has_a_checkpoint_again(tmp_path: Path) -> None:
    """Its old ones were removed as it was out of the race; a resume must not remove the new one."""
    copy: dict[str, Any] = {"trial": "t1", "source": "t0", "score": None, "source_score": 0.5}
    copy |= {"config": TrialConfig().values, "config_hash": "x"}
    events: list[Any] = [{"event": "removed", "trial": trial} for trial in ("t1", "t2")]
    events.append({"event": "exchange", "epoch": 2, "trials": ["t0", "t1"], "copies": [copy]})
    assert Removed().take_all(events).trials == {"t2"}
    assert Removed().take_all([*events, events[0]]).trials == {"t1", "t2"}
    events.append({"event": "start", "trial": "t2", "log": ""})
    assert not Removed().take_all(events).trials
