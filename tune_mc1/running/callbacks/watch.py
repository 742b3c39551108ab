"""Keeps the terminal and the trackers up to date while Ray Tune runs."""

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
        view: What to redraw.
        trackers: What to look after.
        check: Called after each step; it may end the sweep.
    """

    def __init__(
        self, view: SweepView, trackers: Sequence[Tracker], check: Callable[[], None]
    ) -> None:
        self.view = view
        self.trackers = trackers
        self.check = check

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Redraws, at most as often as the view wants."""
        self.view.refresh()
        for tracker in self.trackers:
            tracker.check()
        self.check()
