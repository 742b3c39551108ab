"""`bayes`: Optuna's TPE, which learns from completed trials."""

from tune_mc1.config.distributions import Range
from tune_mc1.config.parameters import Categorical, Constant, IntUniform, Parameter
from tune_mc1.config.problems import Problem
from tune_mc1.config.search import Search, register_search
from tune_mc1.config.sweep import Sweep


@register_search
class BayesianSearch(Search):
    """`run_cap` settings suggested by Optuna."""

    name = "bayes"
    adapter = "tune_mc1.running.search.optuna_tpe:OptunaTpe"

    def problems(self, sweep: Sweep) -> list[Problem]:
        """Parameters that Ray's `OptunaSearch` cannot handle (it ignores a log_uniform's q)."""
        rule = (
            "bayes accepts value, values, int_uniform, uniform, q_uniform and the log_uniform "
            "family without q"
        )
        found = [
            Problem(("parameters", name), rule, parameter.distribution)
            for name, parameter in sweep.parameters.items()
            if not _known_to_optuna(parameter)
        ]
        if all(isinstance(parameter, Constant) for parameter in sweep.parameters.values()):
            found.append(Problem(("parameters",), "bayes requires at least one that varies"))
        return found


def _known_to_optuna(parameter: Parameter) -> bool:
    if isinstance(parameter, Range):
        return parameter.q is None or parameter.distribution == "q_uniform"
    return isinstance(parameter, Constant | Categorical | IntUniform)
