"""Notices about limits of a sweep that have no effect, or that no trial can keep."""

import math
from collections.abc import Iterator, Sequence

from tune_mc1.config.metrics import possible_range
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.next_gain import LEAST


def limit_notices(sweep: Sweep, trials: Sequence[AnyTrial]) -> list[str]:
    """Says which of a sweep's limits are without effect, or exclude every trial.

    Args:
        sweep: The sweep.
        trials: Its trials; some of them if its search learns.
    """
    return [*_least_gain(sweep, trials), *_target(sweep), *_constraints(sweep)]


def _least_gain(sweep: Sweep, trials: Sequence[AnyTrial]) -> Iterator[str]:
    if sweep.budget is None or sweep.budget.min_gain is None:
        return
    planned = len({trial.config_hash for trial in trials})
    settings = (sweep.run_cap or math.inf) if sweep.search.learns else planned
    least = LEAST * 2 if sweep.search.learns else LEAST  # of those, it uses the later half
    if settings <= least:
        line = f"budget.min_gain: is first asked after {least} settings with a score, so that it"
        yield f"{line} cannot end a sweep of {settings}"


def _target(sweep: Sweep) -> Iterator[str]:
    target, name = sweep.metric.target, sweep.metric.name
    if target is None or isinstance(sweep, ProgramSweep):
        return
    low, high = possible_range(name)
    if target > high if sweep.metric.maximize else target < low:
        end = f"at most {high:g}" if sweep.metric.maximize else f"at least {low:g}"
        yield f"metric.target: {target:g} cannot be reached, as {name} is {end}"


def _constraints(sweep: Sweep) -> Sequence[str]:
    if isinstance(sweep, ProgramSweep):
        return []
    found = []
    for number, one in enumerate(sweep.limits):
        low, high = possible_range(one.name)
        if one.limit < low if one.upper else one.limit > high:
            end = f"at least {low:g}" if one.upper else f"at most {high:g}"
            line = f"constraints[{number}]: {one} excludes every trial, as {one.name} is {end}"
            found.append(line)
    return found
