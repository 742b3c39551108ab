"""`bayes`: Optuna's samplers, which learn from trials."""

import json
from collections.abc import Mapping
from typing import Any

from tune_mc1.config.distributions import Beta, Normal
from tune_mc1.config.parameters import Categorical, Constant, Parameter
from tune_mc1.config.problems import Problem
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sampler import Sampler
from tune_mc1.config.search import Search, register_search
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.draws import draw


@register_search
class BayesianSearch(Search):
    """`run_cap` settings suggested by Optuna."""

    name = "bayes"
    adopts = True
    takes_sampler = True
    adapter = "tune_mc1.running.search.bayes.search:BayesSearch"

    def problems(self, sweep: Sweep) -> list[Problem]:
        """Parameters of our own training that could get invalid values, and a sweep of nothing."""
        if isinstance(sweep, ProgramSweep):
            return _sampler_problems(sweep)
        rule = (
            "bayes accepts value, values, int_uniform and the uniform and log_uniform families, "
            "whose bounds are checked before the sweep starts"
        )
        found = super().problems(sweep)
        found += [
            Problem(("parameters", name), rule, parameter.distribution)
            for name, parameter in sweep.parameters.items()
            if isinstance(parameter, Normal | Beta)
        ]
        if all(isinstance(parameter, Constant) for parameter in sweep.parameters.values()):
            found.append(Problem(("parameters",), "bayes requires at least one that varies"))
        return found + _sampler_problems(sweep)

    def notices(self, sweep: Sweep) -> list[str]:
        """The notice that trials are stopped by one of several metrics."""
        if sweep.early_terminate is None or len(sweep.objectives) == 1:
            return []
        return [f"early_terminate: trials are stopped by {sweep.metric.name} alone"]

    def resumed(self, sweep: Sweep, first: Mapping[str, Any]) -> list[str]:
        """The notice that an earlier version, which had another sampler, began the sweep."""
        sampler, space = sweep.sampler or Sampler(), sweep.space
        own, had = (
            json.dumps(s, default=str) for s in (draw(sweep, space, 0), space.of_trial(first))
        )
        if not sampler.startup or sweep.constraints or json.loads(own) == json.loads(had):
            return []
        return [
            "bayes: an earlier version suggested the settings so far; they count as they are, and "
            f"the others come from Optuna's {sampler.type}"
        ]


def _sampler_problems(sweep: Sweep) -> list[Problem]:
    """Options that the sampler does not have, and parameters that it cannot learn."""
    sampler, found = sweep.sampler or Sampler(), []
    if sampler.population_size is not None and sampler.type in ("tpe", "gp"):
        rule = f"is for cmaes and nsgaii, not for {sampler.type}"
        found.append(Problem(("sampler", "population_size"), rule))
    if sampler.type == "cmaes" and len(sweep.objectives) > 1:
        rule = f"cmaes optimises one metric, got {', '.join(o.name for o in sweep.objectives)}"
        found.append(Problem(("sampler",), rule))
    numeric = [p for p in sweep.parameters.values() if not isinstance(p, Constant | Categorical)]
    if sampler.type == "cmaes" and not (numeric or any(map(_numbers, sweep.parameters.values()))):
        rule = "cmaes requires a parameter that is a range, or lists three or more numbers"
        found.append(Problem(("sampler",), rule))
    return found


def _numbers(parameter: Parameter) -> bool:
    return isinstance(parameter, Categorical) and parameter.ascending is not None
