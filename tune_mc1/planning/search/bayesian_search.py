"""`bayes`: Optuna's TPE, which learns from completed trials."""

from tune_mc1.config.distributions import Beta, Normal
from tune_mc1.config.parameters import Constant
from tune_mc1.config.problems import Problem
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.search import Search, register_search
from tune_mc1.config.sweep import Sweep


@register_search
class BayesianSearch(Search):
    """`run_cap` settings suggested by Optuna."""

    name = "bayes"
    adapter = "tune_mc1.running.search.optuna_tpe:OptunaTpe"

    def problems(self, sweep: Sweep) -> list[Problem]:
        """Parameters of our own training that could get invalid values, and a sweep of nothing."""
        if isinstance(sweep, ProgramSweep):
            return []
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
        return found
