"""`grid`: all combinations of listed values."""

import math
from typing import Any

from tune_mc1.config.candidates import candidate_problems, candidate_settings
from tune_mc1.config.distributions import Range
from tune_mc1.config.problems import Problem
from tune_mc1.config.search import Search, register_search
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.distinct import identity
from tune_mc1.planning.search_space import MAX_TRIALS


@register_search
class GridSearch(Search):
    """All combinations, or the first `run_cap` of them."""

    name = "grid"
    needs_run_cap = False
    sampled = False

    def problems(self, sweep: Sweep) -> list[Problem]:
        """Parameters that do not support a grid, as in W&B, and impossible combinations."""
        rule = (
            "a grid requires listed values (value, values, int_uniform or q_uniform); "
            "list them, or use the command `sweep random`"
        )
        return [
            Problem(("parameters", name), rule, parameter.distribution)
            for name, parameter in sweep.parameters.items()
            if parameter.grid_size is None
        ] + candidate_problems(sweep.candidates, sweep.parameters, sweep.space.conditional)

    def notices(self, sweep: Sweep) -> list[str]:
        """Notices about parts of the grid that are left out."""
        notices = []
        total = self.count(sweep)
        if sweep.run_cap is not None and sweep.run_cap < total:
            notices.append(
                f"run_cap: only the first {sweep.run_cap} of the grid's {total} settings are run"
            )
        for name, parameter in sweep.parameters.items():
            if isinstance(parameter, Range):
                last = parameter.grid_value((parameter.grid_size or 1) - 1)
                low, high = parameter.ends
                notices.append(
                    f"parameters.{name}: a grid counts from min in steps of q up to below max "
                    f"({parameter.grid_value(0):g} to {last:g}), as in W&B; other searches draw "
                    f"multiples of q ({low:g} to {high:g})"
                )
        return notices

    def count(self, sweep: Sweep) -> int:
        """Number of settings in the whole grid, regardless of `run_cap`."""
        if sweep.candidates:
            return len(sweep.candidates)
        return math.prod(parameter.grid_size or 1 for parameter in sweep.parameters.values())

    def settings(self, sweep: Sweep) -> list[dict[str, Any]]:
        """All combinations of the listed values, each once, at most `run_cap` of them.

        The order is the file's, the last parameter varying fastest, values as listed. Combinations
        that differ only in parameters that do not apply to them are one setting.

        Raises:
            InputError: If a parameter has no grid, or there are more than 100,000 settings.
        """
        problems = self.problems(sweep)
        if problems:
            raise InputError(map(str, problems))
        total, space = self.count(sweep), sweep.space
        most = min(total, sweep.run_cap or MAX_TRIALS + 1)
        if space.plain and most > MAX_TRIALS:
            raise InputError(_TOO_MANY.format(f"{MAX_TRIALS} settings, got {total}"))
        if sweep.candidates:
            return candidate_settings(sweep.candidates, sweep.parameters)[:most]
        if space.plain:
            return [_grid_setting(sweep, index) for index in range(most)]
        if total > MAX_COMBINATIONS:
            raise InputError(_TOO_MANY.format(f"{MAX_COMBINATIONS} combinations, got {total}"))
        every = (space.completed(_grid_setting(sweep, index)) for index in range(total))
        found: dict[str, dict[str, Any]] = {}
        for setting in every:
            found.setdefault(identity(setting), setting)
            if len(found) == most:
                break
        if len(found) > MAX_TRIALS:
            raise InputError(_TOO_MANY.format(f"{MAX_TRIALS} settings, got more"))
        return list(found.values())


MAX_COMBINATIONS = 1_000_000
"""Maximum number of combinations of a grid with conditions, most of which may come to the same."""

_TOO_MANY = "parameters: a grid must have at most {} (run_cap limits it to the first ones)"


def _grid_setting(sweep: Sweep, index: int) -> dict[str, Any]:
    setting = {}
    for name, parameter in reversed(sweep.parameters.items()):
        index, position = divmod(index, parameter.grid_size or 1)
        setting[name] = parameter.grid_value(position)
    return dict(sorted(setting.items()))
