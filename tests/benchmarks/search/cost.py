"""CPU time of a suggestion after 1,000 finished trials: `python -m tests.benchmarks.search.cost`.

The trials have drawn settings and made-up curves; time does not depend on them. Sides alternate.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.search.methods import PROMOTE_2
from tests.benchmarks.search.ours import sweep_of
from tests.benchmarks.search.peers_optuna import distribution, tpe
from tests.benchmarks.search.task import Task
from tune_mc1.config.search import AskTell
from tune_mc1.planning.draws import sample_one
from tune_mc1.registry import resolve

EPOCHS = 27

SPACE: dict[str, Any] = {
    "model": {"values": ["CNN", "CNN2", "CNN3", "CNN4", "CNN5", "CNN6"]},
    "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
    "batch_size": {"values": [16, 32, 64, 128, 256]},
    "weight_decay": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-2},
    "momentum": {"values": [0.0, 0.5, 0.9, 0.95]},
}


def main() -> None:
    """Prints the median over some suggestions of each search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000, help="finished trials (default 1000)")
    parser.add_argument("--asks", type=int, default=20, help="suggestions a side (default 20)")
    words = parser.parse_args()
    sides = {
        "bayes": _ours(None, words.trials),
        "bayes, asha_promote": _ours(PROMOTE_2, words.trials),
        "Optuna's TPE": _optuna(words.trials),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(words.asks):
        for name, ask in sides.items():
            began = time.process_time()
            ask()
            times[name].append(time.process_time() - began)
    for name, seconds in times.items():
        print(f"{name}: {1e3 * statistics.median(seconds):.1f} ms of CPU (goal: at most 50 ms)")


def _curve(number: int) -> list[float]:
    rng = np.random.default_rng(number)
    epochs = EPOCHS if number % 9 == 0 else 1
    return list(0.4 * rng.random() * (1 - np.exp(-np.arange(1, epochs + 1) / 9)))


def _ours(early: dict[str, Any] | None, trials: int) -> Callable[[], object]:
    nothing = np.zeros((1, EPOCHS))
    setting = {name: one.get("values", [one.get("min")])[0] for name, one in SPACE.items()}
    task = Task("cost", SPACE, [setting], nothing, np.ones(1), "report")
    sweep = sweep_of(task, 0, "bayes", early)
    search: AskTell = resolve(str(sweep.adapter))(sweep)
    for number in range(trials):
        name, curve = f"t{number}", _curve(number)
        search.asked(name, sample_one(sweep, number))
        for epoch, value in enumerate(curve, 1):
            search.report(name, epoch, value)
        search.tell(name, curve[-1])
    return _next(search)


def _next(search: AskTell) -> Callable[[], object]:
    count = iter(range(10**6))

    def ask() -> object:
        name = f"n{next(count)}"
        found = search.ask(name)
        search.report(name, 1, 0.1)
        return found

    return ask


def _optuna(trials: int) -> Callable[[], object]:
    import optuna

    space = {name: distribution(spec) for name, spec in SPACE.items()}
    study = optuna.create_study(direction="maximize", sampler=tpe(0))
    random = optuna.samplers.RandomSampler(seed=0)
    drawn = optuna.create_study(sampler=random)
    for number in range(trials):
        params = drawn.ask(space).params
        value = _curve(number)[-1]
        study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=value))

    def ask() -> object:
        trial = study.ask(space)
        study.tell(trial, 0.1)
        return trial

    return ask


if __name__ == "__main__":
    main()
