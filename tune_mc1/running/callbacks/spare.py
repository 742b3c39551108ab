"""Readies a process for the winner's test while the last trials still run."""

import time
from typing import Any

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.cluster.nodes import free_nodes
from tune_mc1.planning.resources import TrialResources
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.worker import ready


class SpareProcess(DriverOnly, Callback):
    """Loads libraries when no trial is left to start.

    A process takes seconds to load them, which the winner's test would else wait for; Ray keeps an
    idle process for the next task (`tune_mc1.cluster.ray_runtime` says how long). On a Ray of our
    own it loads beside the last trials; on a cluster, where a trial has ended and leaves it
    room, and so with GPUs: Ray gives no task with a GPU to a process that began without.

    Args:
        trials: How many trials, or groups of trials, there are.
        each: What the winner's test asks for.
        own: Whether Ray is our own.
        interval_s: Least time between two looks at what is free.

    Attributes:
        process: What the process, once it is ready, gives: its id. None before.
    """

    def __init__(
        self, trials: int, each: TrialResources, *, own: bool, interval_s: float = 0.5
    ) -> None:
        self.trials, self.each, self.own, self.interval_s = trials, each, own, interval_s
        self.process: Any = None
        self._due, self._next = False, 0.0

    def on_trial_start(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """A trial starts, perhaps the last one."""
        if self.own and not self.each.gpu and self._is_last(trials, trial):
            self._start(cpu=0, gpu=0)

    def on_trial_complete(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """A trial has ended, and its place is about to be free."""
        self._due = self._is_last(trials, trial)

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Starts loading once there is room: what waits makes an autoscaler start a node."""
        now = time.monotonic()
        if not self._due or self.process is not None or now < self._next:
            return
        self._next = now + self.interval_s
        if any(node.max_concurrent(self.each) for node in free_nodes()):
            self._start(self.each.cpu, self.each.gpu)

    def _is_last(self, trials: list[TuneTrial], trial: TuneTrial) -> bool:
        if len(trials) < self.trials:  # as for all but the last of very many
            return False
        return all(t is trial or t.status != TuneTrial.PENDING for t in trials)

    def _start(self, cpu: float, gpu: float) -> None:
        if self.process is None:
            task = ray.remote(ready).options(num_cpus=cpu, num_gpus=gpu, max_retries=0)
            self.process = task.remote()
