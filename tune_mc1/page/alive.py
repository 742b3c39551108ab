"""Whether sweeps run, as the page asks every second: an object store is asked less often."""

import time
from pathlib import Path

from tune_mc1.errors import TuneMc1Error
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.running_process import elsewhere, holder_of
from tune_mc1.results.store.heartbeat import HEARTBEAT_S
from tune_mc1.results.store.local_copy import remote_of


class Alive:
    """Says whether sweeps run; a store that does not answer runs none."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[float, bool]] = {}

    def get(self, where: ResultDir) -> bool:
        """Whether a process runs the sweep of a directory, or of the store of which it is a copy.

        Args:
            where: The directory.
        """
        if holder_of(where) is not None:
            return True
        if where.lock.exists() or not where.storage_url.exists():
            return False
        at, found = self._known.get(where.root, (-HEARTBEAT_S, False))
        if time.monotonic() - at >= HEARTBEAT_S:
            try:
                found = elsewhere(where, remote_of(where)) is not None
            except TuneMc1Error:  # no network, no credentials, no such bucket any more
                found = False
            self._known[where.root] = time.monotonic(), found
        return found
