"""Constraints of a sweep, as a Bayesian search takes them."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.known_quantities import known_images, known_quantities, violations


class Limits:
    """Violations of a sweep's constraints.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep, self._limits = sweep, sweep.limits
        program = isinstance(sweep, ProgramSweep)
        self._images = None if program or not self._limits else known_images(sweep.data)

    def before(self, setting: Mapping[str, Any]) -> dict[str, float]:
        """Violations known before a trial trains, by constraint; at most 0 if it is fulfilled."""
        if self._images is None:
            return {}
        own = self._sweep.space.of_trial(setting)
        try:
            config = self._sweep.config(own)
        except ValidationError:  # whoever makes the trial says so
            return {}
        return violations(self._sweep, known_quantities(config, self._images))

    def all_of(
        self, known: Mapping[str, float], metrics: Mapping[str, float | None]
    ) -> dict[str, float]:
        """Violations of all constraints; one on a metric that is not known yet counts as fulfilled.

        Args:
            known: Violations that are known before.
            metrics: Final values of the metrics of an ended trial; empty before its end.
        """
        return {
            str(limit): limit.violation(metrics[limit.name])
            if limit.name in metrics
            else known.get(str(limit), 0.0)
            for limit in self._limits
        }
