"""Undocumented name of Ray to keep the processes of trials that are about to go on."""

from typing import Any

from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.private_names import PrivateName

CACHE = PrivateName(
    "ray.tune.execution.tune_controller:TuneController._actor_cache",
    "keeps the processes of trials that wait for each other",
    "seen in Ray 2.60",
    "all but one of them start anew after each exchange, which takes some seconds",
)

NAMES = (CACHE,)


def keep_processes(controller: Any, like: TuneTrial, more: int) -> None:
    """Lets Tune keep so many more idle processes; by itself it keeps one and ends the others.

    Args:
        controller: Tune's controller.
        like: One of Tune's trials, with the resources of a process.
        more: Their number; a negative one takes back an earlier call.
    """
    if CACHE.usable():
        controller._actor_cache.increase_max(like.placement_group_factory, by=more)
