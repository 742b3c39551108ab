"""Keeps the terminal, and W&B's child process, under watch while Ray Tune runs."""

from collections.abc import Callable
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.terminal.live_view import SweepView
from tune_mc1.tracking.wandb.mirror import WandbMirror


class ProgressCallback(DriverOnly, Callback):
    """Redraws the view after each step of Ray Tune.

    Args:
        view: What to redraw.
        mirror: What to look after, if W&B is on.
        check: Called after each step; it may end the sweep.
    """

    def __init__(
        self, view: SweepView, mirror: WandbMirror | None, check: Callable[[], None]
    ) -> None:
        self.view = view
        self.mirror = mirror
        self.check = check

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Redraws, at most as often as the view wants."""
        self.view.refresh()
        if self.mirror is not None:
            self.mirror.check()
        self.check()
