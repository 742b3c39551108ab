"""Ray Tune's usual scheduler, and access to the search that Ray Tune asks for trials."""

from collections.abc import Collection
from typing import Any, cast

from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler

from tune_mc1.cluster.ray_reuse_private import Waiting, can_tell, has_process, release
from tune_mc1.cluster.ray_steering_private import reopen
from tune_mc1.running.awaited import DECIDED
from tune_mc1.running.callbacks.driver_only import DriverOnly


class FirstCome(DriverOnly, FIFOScheduler):
    """Runs trials in their order, to their end."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._search: Any = None
        self._controller: Any = None
        self._waiting: Waiting | None = None

    def on_trial_add(self, tune_controller: Any, trial: TuneTrial) -> None:
        """A trial was suggested."""
        self._controller = tune_controller
        self._search = tune_controller.search_alg
        ids = [spec["id"] for spec in trial.config.get("trials", ())]
        trial.config[DECIDED] = {trial_id: self.decides_at(trial_id) for trial_id in ids}
        super().on_trial_add(tune_controller, trial)

    def decides_at(self, trial: str) -> Collection[int] | None:
        """Epochs after which something is decided on a trial; None if it may be after each."""
        return ()

    def choose_trial_to_run(self, tune_controller: Any) -> TuneTrial | None:
        """The next trial for a process that is free: the first without a process of its own.

        Ray would choose the first that waits, which is one whose process is still loading its
        libraries, and end that process; so where trials are short, processes on slow nodes never
        came to run any. At the end, when no other trial waits, it still does. So that a search that
        learns has another trial by then, those whose process is starting do not count as waiting.
        """
        if self._waiting is None:
            self._waiting = Waiting(tune_controller)
        self._waiting.update()
        if not can_tell():
            chosen: TuneTrial | None = super().choose_trial_to_run(tune_controller)
            return chosen
        for trial in tune_controller.get_trials():
            if trial.status == TuneTrial.PENDING and not has_process(tune_controller, trial):
                return cast(TuneTrial, trial)
        return None

    def reopen(self) -> bool:
        """Lets Ray Tune ask its search again after it had no further trials.

        Returns:
            Whether that is possible.
        """
        return self._search is not None and reopen(self._search)

    def release(self) -> None:
        """Ends the processes of all trials, and gives back their resources."""
        if self._controller is not None:
            release(self._controller)
