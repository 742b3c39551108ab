"""Readies a process for the winner's test while the last trials still run."""

from typing import Any

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.callbacks.driver_only import DriverOnly
from tune_mc1.resources import TrialResources
from tune_mc1.worker import ready


class SpareProcess(DriverOnly, Callback):
    """Loads libraries where a trial has ended and none takes its place.

    A process takes seconds to load them, which the winner's test would else wait for; Ray keeps
    the idle process for the next task that asks for the same resources.

    Args:
        trials: How many trials, or groups of trials, there are.
        each: What each has of the machine.

    Attributes:
        process: What the process, once it is ready, gives: its id. None before.
    """

    def __init__(self, trials: int, each: TrialResources) -> None:
        self.trials, self.each = trials, each
        self.process: Any = None

    def on_trial_complete(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """A trial has ended, and its place is about to be free."""
        others = [other.status for other in trials if other is not trial]
        # Not earlier: what waits for resources makes an autoscaler start a node.
        if self.process is None and len(trials) >= self.trials and TuneTrial.PENDING not in others:
            task = ray.remote(ready).options(
                num_cpus=self.each.cpu, num_gpus=self.each.gpu, max_retries=0
            )
            self.process = task.remote()
