"""Ray Tune's usual scheduler, and access to the search that Ray Tune asks for trials."""

from typing import Any

from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler

from tune_mc1.cluster.ray_steering_private import reopen
from tune_mc1.running.callbacks.driver_only import DriverOnly


class FirstCome(DriverOnly, FIFOScheduler):
    """Runs trials in their order, to their end."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._search: Any = None

    def on_trial_add(self, tune_controller: Any, trial: TuneTrial) -> None:
        """A trial was suggested."""
        self._search = tune_controller.search_alg
        super().on_trial_add(tune_controller, trial)

    def reopen(self) -> bool:
        """Lets Ray Tune ask its search again after it had no further trials.

        Returns:
            Whether that is possible.
        """
        return self._search is not None and reopen(self._search)
