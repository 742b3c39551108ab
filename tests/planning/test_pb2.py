"""Population based bandits: decisions, and what is refused."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from tests.support.sweep_files import resolved
from tune_mc1.config.parameters import Parameter
from tune_mc1.errors import InputError
from tune_mc1.planning.bandits import Bandits
from tune_mc1.planning.exchanges import Exchange
from tune_mc1.planning.population_based import PopulationBased
from tune_mc1.planning.unit_interval import place_of
from tune_mc1.seeding import derive_seed

LOG = {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1}


def parameter(**keys: Any) -> Parameter:
    read: Parameter = TypeAdapter(Parameter).validate_python(keys)
    return read


RATE = {"learning_rate": parameter(**LOG), "momentum": parameter(min=0.0, max=0.99)}


class Playing:
    """A population whose scores are a function of its settings."""

    def __init__(self, tried: Bandits, n: int = 6) -> None:
        self.tried, self.events = tried, list[dict[str, Any]]()
        rng = np.random.default_rng(1)
        self.values = {f"t{i}": {k: p.sample(rng) for k, p in RATE.items()} for i in range(n)}
        self.scores = dict.fromkeys(self.values, 0.1)
        self.diverged: dict[str, int] = {}

    def train(self, epoch: int, seed: int = 5) -> None:
        for trial, values in self.values.items():
            far = abs(math.log10(values["learning_rate"] / 0.03)) + abs(values["momentum"] - 0.5)
            noise = 0.01 * derive_seed(seed, trial, epoch) / 2**63
            self.scores[trial] += max(0.0, 0.1 - 0.1 * far) + noise
            if trial not in self.diverged:
                arrival = self.tried.decide(trial, epoch, self.scores[trial])
                assert arrival is not None
                self.events.append(dict(self.tried.to_event(arrival)))

    def exchange(self) -> Exchange:
        networks = dict.fromkeys(self.values, "")
        found = self.tried.exchange(networks, self.diverged)
        assert found is not None
        settings = {trial: dict(self.values[trial]) for trial in found.trials}
        made = replace(found, settings=settings)
        chosen = self.tried.settings(made, networks, settings)
        self.tried.restore([made])
        for copy in made.copies:
            self.scores[copy.trial] = self.scores[copy.source]
            self.values[copy.trial] = chosen[copy.trial]
            self.diverged.pop(copy.trial, None)
        copies = [{**vars(copy), "config": chosen[copy.trial]} for copy in made.copies]
        facts = {"epoch": made.epoch, "trials": list(made.trials), "settings": settings}
        self.events.append({"event": "exchange", **facts, "copies": copies})
        return made


def bandits(seed: int = 7) -> Bandits:
    return Bandits(range(2, 20, 2), 0.34, seed, RATE)


def played(player: Playing, epochs: Sequence[int]) -> list[dict[str, Any]]:
    for epoch in epochs:
        player.train(epoch)
        player.exchange()
    return player.events


def test_restored_after_any_exchange_it_decides_alike() -> None:
    epochs = range(2, 12, 2)
    whole = played(Playing(bandits()), epochs)
    for cut in (4, 10):
        first = Playing(bandits())
        kept = played(first, range(2, cut, 2))
        again = bandits()
        again.restore(map(again.from_event, kept))
        first.tried = again
        assert played(first, range(cut, 12, 2)) == whole
    assert played(Playing(bandits(8)), epochs) != whole


def test_it_finds_what_gains_most_and_parallel_trials_differ() -> None:
    player = Playing(bandits())
    events = played(player, range(2, 18, 2))
    last = [
        copy["config"] for e in events[-30:] if e["event"] == "exchange" for copy in e["copies"]
    ]
    far = [abs(math.log10(one["learning_rate"] / 0.03)) for one in last]
    assert np.median(far) < 0.25, "random places would be 0.5 away"
    for event in events:
        rates = [copy["config"]["learning_rate"] for copy in event.get("copies", ())]
        assert len(set(rates)) == len(rates)


def test_where_trials_diverge_nobody_goes() -> None:
    """The rate of a diverged trial is known to be bad, though it has no score."""

    def chosen(*, known: bool) -> float:
        tried = Bandits([2], 0.25, 7, {"learning_rate": parameter(**LOG)})
        rates = {"t0": 0.01, "t1": 0.011, "t2": 0.012, "t3": 0.08, "t4": 0.09}
        for i, trial in enumerate(("t0", "t1", "t2")):
            tried.decide(trial, 2, 0.3 + 0.01 * i)
        networks = dict.fromkeys(rates, "")
        found = tried.exchange(networks, {"t3": 0, "t4": 1})
        assert found is not None
        assert {copy.trial for copy in found.copies} == {"t3", "t4"}
        assert {copy.source for copy in found.copies} <= {"t1", "t2"}
        settings = {trial: {"learning_rate": rate} for trial, rate in rates.items()}
        kept = {trial: one for trial, one in settings.items() if known or trial not in ("t3", "t4")}
        made = replace(found, settings=kept)
        new = tried.settings(made, networks, settings)
        return max(place_of(RATE["learning_rate"], one["learning_rate"]) for one in new.values())  # type: ignore[arg-type]

    assert chosen(known=False) > 0.9
    assert chosen(known=True) < 0.7


def test_what_does_not_apply_to_a_trial_is_left_out() -> None:
    tried = bandits()
    for trial, score in (("t0", 0.1), ("t1", 0.2), ("t2", 0.3)):
        tried.decide(trial, 2, score)
    networks = dict.fromkeys(("t0", "t1", "t2"), "")
    found = tried.exchange(networks)
    assert found is not None
    settings = {trial: {"learning_rate": 0.01} for trial in networks}
    chosen = tried.settings(replace(found, settings=settings), networks, settings)
    assert set(chosen["t0"]) == {"learning_rate"}


BASE = """
run_cap: 8
parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.001, max: 0.1}
  momentum: {values: [0.5, 0.9]}
  model: {value: CNN}
  epochs: {value: 6}
early_terminate: {type: pb2}
"""


def test_what_has_bounds_is_explored_and_all_else_copied(tmp_path: Path) -> None:
    found, notices = resolved(tmp_path, BASE)
    early = found.early_terminate
    assert isinstance(early, PopulationBased)
    assert list(early.explored(found)) == ["learning_rate"]
    line = "early_terminate: pb2 explores learning_rate; copied with the weights: momentum"
    assert line in notices


NORMAL = "{distribution: log_normal, mu: -4.0, sigma: 1.0}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{type: pb2}", "{type: pb2, resample_probability: 0.1}", "resample_probability: unknown"),
        (
            "{type: pb2}",
            "{type: pb2, quantile_fraction: 0.6}",
            "quantile_fraction: must be at most",
        ),
        ("{type: pb2}", "{type: pb2, perturbation_interval: 6}", "leaves no exchange before the"),
        ("epochs: {value: 6}", "epochs: {values: [6, 8]}", "the same in all trials for pb2"),
        ("run_cap: 8", "run_cap: 1", "run_cap: must be at least 2 for pb2, got 1"),
        ("run_cap: 8", "run_cap: 8\nreplicates: 2", "replicates: must be 1 for pb2"),
        (
            "{distribution: log_uniform_values, min: 0.001, max: 0.1}",
            "{values: [0.1, 0.01]}",
            "weight_decay, momentum, label_smoothing, dropout_p, ... has min and max in parameters",
        ),
        (
            "{distribution: log_uniform_values, min: 0.001, max: 0.1}",
            NORMAL,
            "parameters.learning_rate: must have min and max for pb2, got 'log_normal'",
        ),
        (
            "{distribution: log_uniform_values, min: 0.001, max: 0.1}",
            "{distribution: log_uniform, min: -1000, max: -2}",
            "parameters.learning_rate: must have finite bounds for pb2, got 'log_uniform'",
        ),
    ],
    ids=lambda text: text if isinstance(text, str) and len(text) < 40 else "",
)
def test_bad_values_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in BASE
    with pytest.raises(InputError) as error:
        resolved(tmp_path, BASE.replace(old, new))
    assert message in str(error.value)
