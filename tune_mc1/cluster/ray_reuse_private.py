"""Undocumented names of Ray Tune that say which waiting trials have a process already."""

from typing import TYPE_CHECKING, Any

from tune_mc1.private_names import PrivateName

if TYPE_CHECKING:
    from ray.tune.experiment import Trial as TuneTrial

_CONTROLLER = "ray.tune.execution.tune_controller"


def _name(path: str) -> PrivateName:
    return PrivateName(
        path,
        "tells trials whose process is starting from those that wait for resources",
        "seen in Ray 2.60",
        "a process that starts slowly is given up while faster ones run all trials",
    )


INSIDE = _name(f"{_CONTROLLER}:TrialRunnerWrapper._tune_controller")
ACTORS = _name(f"{_CONTROLLER}:TuneController._trial_to_actor")
MANAGER = _name(f"{_CONTROLLER}:TuneController._actor_manager")
LIVE = _name(
    "ray.air.execution._internal.actor_manager:RayActorManager._live_actors_to_ray_actors_resources"
)

NAMES = (INSIDE, ACTORS, MANAGER, LIVE)


def can_tell() -> bool:
    """Whether `has_process` knows."""
    return all(name.usable() for name in NAMES)


def has_process(controller: Any, trial: "TuneTrial") -> bool:
    """True if a pending trial's process is starting, or is about to take over the trial.

    Args:
        controller: What Ray Tune passes to a scheduler.
        trial: One of its trials.
    """
    inside = controller._tune_controller
    actor = inside._trial_to_actor.get(trial)
    return actor in inside._actor_manager._live_actors_to_ray_actors_resources
