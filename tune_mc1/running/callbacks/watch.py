"""Callback that keeps the terminal and the trackers up to date."""

from collections.abc import Callable, Sequence
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.terminal.live_view import SweepView
from tune_mc1.tracking.tracker import Tracker


class ProgressCallback(DriverOnly, Callback):
    """Redraws the view after each step of Ray Tune.

    Args:
        view: The terminal view.
        trackers: The experiment trackers.
        check: Called after each step; may end the sweep.
    """

    def __init__(
        self, view: SweepView, trackers: Sequence[Tracker], check: Callable[[], None]
    ) -> None:
        self.view = view
        self.trackers = trackers
        self.check = check

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Redraws the view if it is due, and checks the trackers."""
        self.view.refresh()
        for tracker in self.trackers:
            tracker.check()
        self.check()
