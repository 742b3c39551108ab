"""Words to the processes of trials: which trials are to stop, and which starts are void."""

import json
import time
from collections.abc import Collection, Iterable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any, ClassVar

from tune_mc1.cluster.ray_steering_private import can_tell, forget, tell_all, told
from tune_mc1.results.steering.marks import BY_REQUEST

LOOK_S = 0.3
"""Minimum seconds between two looks of a process."""

PATIENCE_S = 0.02
"""Seconds for which a trial waits for the head of the cluster before it goes on."""

Words = dict[str, list[str]]


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

    A look asks the head of the cluster, which may be far away. So it takes place beside the
    training: the trial waits for `PATIENCE_S` at most, and hears later words at its next report.

    Args:
        key: Name under which to look; empty if there is nobody who tells anything.

    Attributes:
        ran_before: Whether this process has run a trial before.
    """

    ran_before: ClassVar[bool] = False

    def __init__(self, key: str) -> None:
        self._key = key
        self._next = 0.0
        self._seen: Words = {}
        self._look: Future[Words] | None = None
        self._far = False

    def stops(self, trials: Collection[str]) -> list[str]:
        """Those of these trials that are to stop, in their order."""
        asked = self._heard(0.0 if self._far else PATIENCE_S).get("stop", ())
        return [trial for trial in trials if trial in asked] if asked else []

    def is_void(self, start: str | None) -> bool:
        """True if one of Ray's trials, by its id, is not to run anything.

        Only a new process may have been asked for before its trial was withdrawn; one that has run
        another trial is given its next one as it is then.
        """
        if Listener.ran_before:
            return False
        Listener.ran_before = True
        return start in self._heard(None).get("void", ())

    def _heard(self, patience: float | None) -> Words:
        """What has been told, as far as it is known within a time in seconds; None waits."""
        now = time.monotonic()
        if self._key and self._look is None and now >= self._next:
            self._next = now + LOOK_S
            self._look = Future()
            Thread(target=self._ask, args=(self._look,), daemon=True).start()
        if self._look is not None and wait([self._look], timeout=patience).done:
            self._seen, self._look = self._look.result(), None
        return self._seen

    def _ask(self, answer: "Future[Words]") -> None:
        began = time.monotonic()
        found = told(self._key)
        self._far = time.monotonic() - began > PATIENCE_S
        answer.set_result(json.loads(found) if found else {})


def stopped_end(trial: str) -> dict[str, Any]:
    """The end of a trial that was stopped by request."""
    return {"trial": trial, "state": "stopped", "error": BY_REQUEST}
