"""The simulator and its tasks, with our own searches; peers are not installed here."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tests.benchmarks.search.merit import Outcome, mean_ratio, ratio
from tests.benchmarks.search.methods import ASHA
from tests.benchmarks.search.ours import Ours
from tests.benchmarks.search.simulate import Method, Verdict, Work, simulate
from tests.benchmarks.search.task import Task, fitted_weights

SPACE: dict[str, Any] = {
    "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
    "batch_size": {"values": [16, 32, 64]},
    "weights_init_type": {"values": ["default", "dirac"]},
}


def task(count: int = 24, epochs: int = 9) -> Task:
    rng = np.random.default_rng(0)
    settings: list[dict[str, Any]] = [
        {
            "learning_rate": float(10 ** rng.uniform(-4, 0)),
            "batch_size": int(rng.choice([16, 32, 64])),
            "weights_init_type": str(rng.choice(["default", "dirac"])),
        }
        for _ in range(count)
    ]
    top = np.array([1 - 0.1 * (np.log10(s["learning_rate"]) + 2) ** 2 for s in settings])
    curves = top[:, None] * np.linspace(0.5, 1, epochs)
    return Task("made up", SPACE, settings, curves, np.linspace(1, 2, count), "choice")


class Script(Method):
    """Does as it is told, and keeps what it hears."""

    def __init__(self, settings: Sequence[Mapping[str, Any]], pause: str = "") -> None:
        self.left, self.pause, self.waiting = list(enumerate(settings)), pause, ""
        self.heard: list[tuple[str, int, float]] = []
        self.full: dict[str, bool] = {}

    def ask(self) -> Work | None:
        if self.left:
            number, setting = self.left.pop(0)
            return Work(str(number), setting)
        self.waiting, again = "", self.waiting
        return Work(again, None) if again else None

    def report(self, trial: str, epoch: int, value: float) -> Verdict:
        self.heard.append((trial, epoch, value))
        if trial == self.pause and epoch == 2:
            self.waiting = trial
            return Verdict.PAUSE
        return Verdict.GO_ON

    def ended(self, trial: str, value: float, full: bool) -> None:
        self.full[trial] = full


def test_trials_run_at_once_in_the_order_of_time() -> None:
    made = task(2, 3)  # epochs of 1 and 2 seconds
    script = Script(made.settings)
    regret = simulate(made, script, workers=2, budget=6)
    assert [(t, e) for t, e, _ in script.heard] == [
        ("0", 1), ("0", 2), ("1", 1), ("0", 3), ("1", 2), ("1", 3),
    ]  # fmt: skip
    assert script.full == {"0": True, "1": True}
    assert regret[-1] == 0
    assert (np.diff(regret) <= 0).all()


def test_a_paused_trial_goes_on_where_it_was() -> None:
    made = task(2, 3)
    script = Script(made.settings, pause="0")
    simulate(made, script, workers=1, budget=6)
    assert [(t, e) for t, e, _ in script.heard] == [
        ("0", 1), ("0", 2), ("1", 1), ("1", 2), ("1", 3), ("0", 3),
    ]  # fmt: skip
    values = [value for trial, _, value in script.heard if trial == "0"]
    np.testing.assert_allclose(values, made.curves[0])


def test_each_recorded_setting_is_used_once_before_any_is_again() -> None:
    made = task(4, 2)
    script = Script([dict(made.settings[2])] * 8)
    simulate(made, script, workers=1, budget=16)
    firsts = [value for _, epoch, value in script.heard if epoch == 1]
    assert firsts[0] == firsts[4] == made.curves[2, 0]
    assert sorted(firsts[:4]) == sorted(firsts[4:]) == sorted(made.curves[:, 0])


def test_weights_favour_what_matters() -> None:
    made = task(60)
    weights = fitted_weights(SPACE, made.settings, made.curves.max(axis=1))
    assert weights["learning_rate"] > max(weights["batch_size"], weights["weights_init_type"])


def test_random_search_finds_the_best_with_all_epochs_and_halving_with_fewer() -> None:
    made = task()
    full = simulate(made, Ours(made, 0, "random"), 4, made.whole)
    assert full[-1] == 0
    larger, found = task(80, 27), {}
    for name, early in {"random": None, "asha": ASHA}.items():
        runs = [simulate(larger, Ours(larger, s, "random", early), 4, 1500) for s in range(6)]
        found[name] = Outcome(name, np.stack(runs), 200)
    assert ratio(found["asha"], found["random"]) < 0.95


def test_ratios() -> None:
    found = Outcome("a", np.array([[0.5, 0.005, 0.0], [0.5, 0.005, 0.0]], dtype=np.float32), 1)
    never = Outcome("b", np.full((2, 8), 0.5, dtype=np.float32), 1)
    assert found.found_after == 2
    assert ratio(found, never) == 2 / 8
    assert ratio(never, found) == float("inf")
    assert mean_ratio([0.5, 2.0]) == 1.0
