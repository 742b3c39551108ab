"""Callback that kills hung trials, so that Ray Tune retries them."""

import time
from typing import Any

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.cluster.ray_private import actor_of
from tune_mc1.running.callbacks.driver_only import DriverOnly

START_S = 120.0
"""Extra seconds for a new process to load its libraries on a busy machine."""


class HangCallback(DriverOnly, Callback):
    """Kills the process of a trial that has not reported for too long.

    Args:
        timeout_s: Maximum time between two reports, in seconds. The first report after a start may
            take `START_S` longer.
        interval_s: Minimum time between two checks, in seconds.
    """

    def __init__(self, timeout_s: float, interval_s: float = 0.5) -> None:
        self.timeout_s, self.interval_s = timeout_s, interval_s
        self.hung: set[str] = set()
        self._heard: dict[str, float] = {}
        self._next = 0.0

    def on_trial_start(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """A trial starts, or starts again."""
        self.hung.discard(trial.trial_id)
        self._heard[trial.trial_id] = time.monotonic() + START_S

    def on_trial_result(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        result: dict[str, Any],
        **info: Any,
    ) -> None:
        """A trial reported, so it is alive."""
        self._heard[trial.trial_id] = time.monotonic()

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Kills trials that were silent for too long."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self.interval_s
        for trial in trials:
            silent = now - self._heard.get(trial.trial_id, now)
            if trial.status != TuneTrial.RUNNING or silent <= self.timeout_s:
                continue
            actor = actor_of(trial)
            if actor is not None and trial.trial_id not in self.hung:
                self.hung.add(trial.trial_id)
                ray.kill(actor)
