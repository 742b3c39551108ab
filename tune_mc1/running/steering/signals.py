"""Words to the processes of trials: which trials are to stop, and which starts are void."""

import json
import time
from collections.abc import Collection, Iterable
from typing import Any

from tune_mc1.cluster.ray_steering_private import can_tell, forget, tell_all, told
from tune_mc1.results.steering.marks import BY_REQUEST

LOOK_S = 0.3
"""Minimum seconds between two looks of a process."""


class Signals:
    """Tells the processes of trials; used by the process that runs the sweep.

    Args:
        key: Name under which they look.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self._stop: set[str] = set()
        self._void: set[str] = set()

    @property
    def usable(self) -> bool:
        """Whether processes can be told anything."""
        return can_tell()

    def stop(self, trials: Iterable[str]) -> None:
        """Tells these trials to stop with their epoch, also when they start again."""
        self._stop.update(trials)
        self._tell()

    def void(self, starts: Iterable[str]) -> None:
        """Tells that these of Ray's trials, by their ids, are not to run anything."""
        self._void.update(starts)
        self._tell()

    def _tell(self) -> None:
        data = {"stop": sorted(self._stop), "void": sorted(self._void)}
        tell_all(self.key, json.dumps(data).encode())

    def close(self) -> None:
        """Forgets what was told, while Ray is there."""
        if self._stop or self._void:
            forget(self.key)


class Listener:
    """Looks for words to a trial's process, at most once in `LOOK_S`.

    Args:
        key: Name under which to look; empty if there is nobody who tells anything.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._next = 0.0
        self._seen: dict[str, list[str]] = {}

    def stops(self, trials: Collection[str]) -> list[str]:
        """Those of these trials that are to stop, in their order."""
        asked = self._look().get("stop", ())
        return [trial for trial in trials if trial in asked] if asked else []

    def is_void(self, start: str | None) -> bool:
        """True if one of Ray's trials, by its id, is not to run anything."""
        return start in self._look().get("void", ())

    def _look(self) -> dict[str, list[str]]:
        now = time.monotonic()
        if self._key and now >= self._next:
            self._next = now + LOOK_S
            found = told(self._key)
            self._seen = json.loads(found) if found else {}
        return self._seen


def stopped_end(trial: str) -> dict[str, Any]:
    """The end of a trial that was stopped by request."""
    return {"trial": trial, "state": "stopped", "error": BY_REQUEST}
