"""The searches that are compared, ours and the peers', each with its defaults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.search.recorded import MISSING
from tests.benchmarks.search.simulate import Method
from tests.benchmarks.search.task import Task

Make = Callable[[Task, int], Method]


@dataclass(frozen=True)
class Entry:
    """A search in the comparison.

    Attributes:
        label: What tables and figures call it.
        tool: Whose it is.
        make: Makes it for a task and a seed.
        curves: Whether it is compared where there are learning curves.
        public: Whether it is compared on tables without.
    """

    label: str
    tool: str
    make: Make
    curves: bool = True
    public: bool = False


ASHA = {"type": "asha", "min_iter": 1, "eta": 3}
ASHA_2 = ASHA | {"eta": 2}
PROMOTE = {"type": "asha_promote", "min_iter": 1, "eta": 3}
PROMOTE_2 = PROMOTE | {"eta": 2}
MEDIAN = {"type": "median"}
LATER = {"min_iter": 3}
"""A ninth of the epochs of the recorded trials."""

SCREENED = PROMOTE_2 | LATER | {"screen_iter": 1}
"""The default of `sweep bayes`."""


def _ours(method: str, early: Mapping[str, Any] | None = None, sampler: str | None = None) -> Make:
    def make(task: Task, seed: int) -> Method:
        from tests.benchmarks.search.ours import Ours

        return Ours(task, seed, method, early, sampler)

    return make


def _optuna(sampler: str, pruner: str) -> Make:
    def make(task: Task, seed: int) -> Method:
        from tests.benchmarks.search import peers_optuna

        chosen = getattr(peers_optuna, sampler), getattr(peers_optuna, pruner)
        return peers_optuna.Optuna(task, seed, *chosen)

    return make


def _ray(search: str) -> Make:
    def make(task: Task, seed: int) -> Method:
        from tests.benchmarks.search import peers_ray

        return peers_ray.RayAsha(task, seed, getattr(peers_ray, search))

    return make


def _syne(name: str) -> Make:
    def make(task: Task, seed: int) -> Method:
        try:
            from tests.benchmarks.search.peers_syne import SyneTune
        except ImportError:
            raise SystemExit(MISSING) from None
        return SyneTune(task, seed, name)

    return make


def _oracle(task: Task, seed: int) -> Method:
    from tests.benchmarks.search.bound import Oracle

    return Oracle(task)


OURS = "tune_mc1"
BOUND = "bound"
"""Stands for the tool of what knows the results."""

METHODS: dict[str, Entry] = {
    "oracle": Entry("the best setting first", BOUND, _oracle),
    "random": Entry("random", OURS, _ours("random"), public=True),
    "asha": Entry("asha, eta 3", OURS, _ours("random", ASHA)),
    "asha_2": Entry("asha, eta 2", OURS, _ours("random", ASHA_2)),
    "promote": Entry("asha_promote, eta 3", OURS, _ours("random", PROMOTE)),
    "promote_2": Entry("asha_promote, eta 2", OURS, _ours("random", PROMOTE_2)),
    "promote_2_later": Entry(
        "asha_promote, eta 2, min_iter 3", OURS, _ours("random", PROMOTE_2 | LATER)
    ),
    "promote_2_screened": Entry(
        "asha_promote, eta 2, min_iter 3, screen_iter 1", OURS, _ours("random", SCREENED)
    ),
    "median": Entry("median", OURS, _ours("random", MEDIAN)),
    "bayes": Entry("bayes", OURS, _ours("bayes"), public=True),
    "bayes_median": Entry("bayes, median", OURS, _ours("bayes", MEDIAN)),
    "bayes_promote": Entry("bayes, asha_promote, eta 3", OURS, _ours("bayes", PROMOTE)),
    "gp_promote_2": Entry("bayes, gp, asha_promote, eta 2", OURS, _ours("bayes", PROMOTE_2, "gp")),
    "bayes_asha_2": Entry("bayes, asha, eta 2", OURS, _ours("bayes", ASHA_2)),
    "bayes_promote_2": Entry("bayes, asha_promote, eta 2", OURS, _ours("bayes", PROMOTE_2)),
    "bayes_promote_2_later": Entry(
        "bayes, asha_promote, eta 2, min_iter 3", OURS, _ours("bayes", PROMOTE_2 | LATER)
    ),
    "bayes_screened": Entry(
        "bayes, asha_promote, eta 2, min_iter 3, screen_iter 1", OURS, _ours("bayes", SCREENED)
    ),
    "ray_asha": Entry("ASHA", "Ray Tune", _ray("RandomVariants")),
    "ray_optuna": Entry("ASHA, OptunaSearch", "Ray Tune", _ray("optuna_search")),
    "optuna_hyperband": Entry("TPE, Hyperband", "Optuna", _optuna("tpe", "hyperband")),
    "optuna_median": Entry("TPE, median pruning", "Optuna", _optuna("tpe", "median")),
    "optuna_tpe": Entry("TPE", "Optuna", _optuna("tpe", "no_pruner"), public=True, curves=False),
    "syne_asha": Entry("ASHA", "Syne Tune", _syne("asha")),
    "syne_bohb": Entry("BOHB", "Syne Tune", _syne("bohb")),
    "syne_ashacqr": Entry("ASHACQR", "Syne Tune", _syne("ashacqr")),
    "syne_tpe": Entry("KDE", "Syne Tune", _syne("tpe"), public=True, curves=False),
    "syne_cqr": Entry("CQR", "Syne Tune", _syne("cqr"), public=True, curves=False),
    "syne_rea": Entry(
        "regularised evolution", "Syne Tune", _syne("rea"), public=True, curves=False
    ),
}
