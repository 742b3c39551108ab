"""Why a trial's process was lost, in a few words instead of Ray's paragraph."""

import re

from ray.exceptions import RayActorError

LOST = "its process was lost"
"""Beginning of every such reason."""

_MEMORY = "killed because the memory of its node was almost full"
_CAUSES = (
    (r"its node has died|node was terminated|preempted", "its node was lost"),
    (r"running low on memory|OutOfMemory|memory usage threshold", _MEMORY),
    (
        r"connection error code|SIGKILL|SYSTEM_ERROR",
        "killed, as the system does when memory is short, or crashed",
    ),
    (r"created by the driver|owner has died", "the sweep's own process was lost"),
    (r"unavailable", "its node does not answer"),
)
"""What Ray says, the first that fits, and what it means."""


def lost_process(error: RayActorError) -> str:
    """The reason in one line; where Ray says something unknown, its first sentence.

    Args:
        error: Ray's error.
    """
    text = " ".join(str(error).split())
    for pattern, meaning in _CAUSES:
        if re.search(pattern, text):
            return f"{LOST} ({meaning})"
    details = [line for line in str(error).split("\n")[1:] if not line.startswith("\t")]
    first = re.split(r"(?<=[.!?]) ", " ".join(" ".join(details).split()) or text)[0]
    return f"{LOST}: {first}"
