"""Undocumented names of Ray Tune around the processes of trials: who has or awaits one; release."""

from typing import TYPE_CHECKING, Any

from tune_mc1.private_names import PrivateName

if TYPE_CHECKING:
    from ray.tune.experiment import Trial as TuneTrial

_CONTROLLER = "ray.tune.execution.tune_controller"


def _name(
    path: str,
    purpose: str = "tells trials whose process is starting from those that wait for resources",
    without: str = "a process that starts slowly is given up while faster ones run all trials",
) -> PrivateName:
    return PrivateName(path, purpose, "seen in Ray 2.60", without)


INSIDE = _name(f"{_CONTROLLER}:TrialRunnerWrapper._tune_controller")
ACTORS = _name(f"{_CONTROLLER}:TuneController._trial_to_actor")
MANAGER = _name(f"{_CONTROLLER}:TuneController._actor_manager")
LIVE = _name(
    "ray.air.execution._internal.actor_manager:RayActorManager._live_actors_to_ray_actors_resources"
)
_ASKS = "asks a search for further trials while processes start"
_NO_ASKING = (
    "with a search that learns, processes start one after another, and slow ones run no trials"
)
PENDING = _name(f"{_CONTROLLER}:TuneController._pending_trials", _ASKS, _NO_ASKING)
MOST = _name(f"{_CONTROLLER}:TuneController._max_pending_trials", _ASKS, _NO_ASKING)
CLEANUP = _name(
    "ray.air.execution._internal.actor_manager:RayActorManager.cleanup",
    "ends the processes of a sweep that was stopped, in a Ray that outlives it",
    "a sweep in the same process waits for ever for the resources of the one before",
)

NAMES = (INSIDE, ACTORS, MANAGER, LIVE, PENDING, MOST, CLEANUP)


def can_tell() -> bool:
    """Whether `has_process` knows."""
    return all(name.usable() for name in (INSIDE, ACTORS, MANAGER, LIVE))


def has_process(controller: Any, trial: "TuneTrial") -> bool:
    """True if a pending trial's process is starting, or is about to take over the trial.

    Args:
        controller: What Ray Tune passes to a scheduler.
        trial: One of its trials.
    """
    inside = controller._tune_controller
    actor = inside._trial_to_actor.get(trial)
    return actor in inside._actor_manager._live_actors_to_ray_actors_resources


class Waiting:
    """Limits how many trials wait for a process, as Ray Tune does, but without those that have one.

    Ray Tune asks a search that learns for its next trial when no trial is pending, which one is
    until its process is ready.

    Args:
        controller: What Ray Tune passes to a scheduler.
    """

    def __init__(self, controller: Any) -> None:
        self._controller = controller
        self._usual = controller._tune_controller._max_pending_trials if self._usable() else 0

    @staticmethod
    def _usable() -> bool:
        return can_tell() and PENDING.usable() and MOST.usable()

    def update(self) -> None:
        """Counts again."""
        if self._usual:
            inside = self._controller._tune_controller
            starting = sum(has_process(self._controller, t) for t in inside._pending_trials)
            inside._max_pending_trials = self._usual + starting


def release(controller: Any) -> None:
    """Kills the processes of all trials and gives their resources back to Ray.

    Tune does that itself unless what ends it is no `Exception`, as an interruption is not.

    Args:
        controller: What Ray Tune passes to a scheduler.
    """
    if all(name.usable() for name in (INSIDE, MANAGER, CLEANUP)):
        controller._tune_controller._actor_manager.cleanup()
