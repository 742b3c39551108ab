"""Callback that prepares a spare process for the winner's test while the last trials run."""

import time
from collections.abc import Callable
from typing import Any

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.cluster.nodes import free_now
from tune_mc1.planning.resources import TrialResources
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.winner_worker import ready


class SpareProcess(DriverOnly, Callback):
    """Starts a process that loads the libraries, when no trial is left to start.

    That takes seconds, for which the winner's test would otherwise wait; Ray keeps an idle process
    for the next task (`tune_mc1.cluster.ray_runtime` sets for how long). On our own Ray, it loads
    next to the last trials and asks for no GPU: there, a process without one sees them all, and
    all are free once it is needed. On a cluster, it loads once an ended trial has freed its
    resources, as Ray gives no GPU task to a process that was started without a GPU.

    Args:
        trials: Number of trials or groups.
        each: Resources of the winner's test.
        own: Whether Ray is our own.
        more: Whether further trials will come, of a search of which this is not known before;
            `trials` does not count then.
        interval_s: Minimum time between two checks for free resources, in seconds.

    Attributes:
        process: Reference to the id of the prepared process; None before it is started.
    """

    def __init__(
        self,
        trials: int,
        each: TrialResources,
        *,
        own: bool,
        more: Callable[[], bool] | None = None,
        interval_s: float = 0.5,
    ) -> None:
        self._more = more
        self.trials, self.each, self.own, self.interval_s = trials, each, own, interval_s
        self.process: Any = None
        self._due, self._next = False, 0.0

    def on_trial_start(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """A trial starts, perhaps the last one."""
        if self.own and self._is_last(trials, trial):
            self._start(cpu=0, gpu=0)

    def on_trial_complete(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """A trial ended, and its resources are about to be free."""
        self._due = self._is_last(trials, trial)

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Starts the process once it fits: a waiting task would make an autoscaler add a node."""
        now = time.monotonic()
        if not self._due or self.process is not None or now < self._next:
            return
        self._next = now + self.interval_s
        if any(node.max_concurrent(self.each) for node in free_now()):
            self._start(self.each.cpu, self.each.gpu)

    def _is_last(self, trials: list[TuneTrial], trial: TuneTrial) -> bool:
        if self._more is not None and self._more():
            return False
        if self._more is None and len(trials) < self.trials:
            return False  # a cheap test for most trials of a large sweep
        return all(t is trial or t.status != TuneTrial.PENDING for t in trials)

    def _start(self, cpu: float, gpu: float) -> None:
        if self.process is None:
            remote: Any = ray.remote(ready)
            task = remote.options(num_cpus=cpu, num_gpus=gpu, max_retries=0)
            self.process = task.remote(gpu=self.own and self.each.gpu > 0)
