"""Which part of a sweep is killed, and when: all of it from one seed."""

import math
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil

from tests.support.faults import Driver

SHORTEST_S, LONGEST_S = 1.0, 12.0
EARLY = 0.2
"""Part of the runs that faults meet from the start; the others report an epoch first."""
HANG_S = 40.0
"""trial_timeout of the sweep; a suspended worker is a trial that hangs."""


def kill_worker(driver: Driver, rng: random.Random) -> bool:
    """Kills the process of a trial."""
    return _one_of(driver.workers(), rng, psutil.Process.kill)


def hang_worker(driver: Driver, rng: random.Random) -> bool:
    """Stops the process of a trial where it stands."""
    return _one_of(driver.workers(), rng, psutil.Process.suspend)


def kill_raylet(driver: Driver, rng: random.Random) -> bool:
    """Kills Ray's node manager."""
    return _one_of(driver.named("raylet/raylet"), rng, psutil.Process.kill)


def kill_gcs(driver: Driver, rng: random.Random) -> bool:
    """Kills Ray's control service."""
    return _one_of(driver.named("gcs_server"), rng, psutil.Process.kill)


def kill_driver(driver: Driver, rng: random.Random) -> bool:
    """Kills the command itself."""
    driver.family()
    driver.process.kill()
    return True


def kill_everything(driver: Driver, rng: random.Random) -> bool:
    """Kills every process of the sweep at once, as a power cut does."""
    driver.family()
    driver.suspend_and_kill()
    return True


def interrupt(driver: Driver, rng: random.Random) -> bool:
    """Ctrl-C, or SIGTERM; sometimes twice."""
    driver.family()
    number = rng.choice((signal.SIGINT, signal.SIGTERM))
    driver.process.send_signal(number)
    if rng.random() < 0.3:
        time.sleep(rng.random())
        driver.process.send_signal(number)
    return True


def _one_of(
    victims: list[psutil.Process], rng: random.Random, deed: Callable[[psutil.Process], None]
) -> bool:
    if not victims:
        return False
    with suppress(psutil.Error):
        deed(rng.choice(sorted(victims, key=lambda process: process.pid)))
        return True
    return False


FAULTS: dict[str, tuple[int, Callable[[Driver, random.Random], bool]]] = {
    "trial's process killed": (8, kill_worker),
    "trial's process hung": (2, hang_worker),
    "raylet killed": (2, kill_raylet),
    "gcs killed": (1, kill_gcs),
    "driver killed": (3, kill_driver),
    "everything killed at once": (4, kill_everything),
    "interrupted by a signal": (3, interrupt),
}
"""Each kind of fault: its weight and what it does."""


class Schedule:
    """Injects faults, one after the other.

    Args:
        seed: Decides kinds and times.
        most: How many there are at most.

    Attributes:
        injected: How many of each kind.
    """

    def __init__(self, seed: int, most: float = math.inf) -> None:
        self.most = most
        self._rng = random.Random(seed)
        self.injected: Counter[str] = Counter()
        self._plan = self._faults()

    def _faults(self) -> Iterator[tuple[float, str]]:
        kinds, weights = list(FAULTS), [weight for weight, _ in FAULTS.values()]
        while True:
            wait = self._rng.uniform(SHORTEST_S, LONGEST_S)
            yield wait, self._rng.choices(kinds, weights)[0]

    @property
    def done(self) -> bool:
        """Whether all faults have been injected."""
        return self.injected.total() >= self.most

    def disturb(self, driver: Driver, until: float, progress: Callable[[], int]) -> None:
        """Injects faults into a run until it ends.

        Args:
            driver: The run.
            until: Time by the monotonic clock after which it is left in peace.
            progress: Epochs reported so far.
        """
        before = progress() - (self._rng.random() < EARLY)
        while driver.process.poll() is None and progress() <= before and time.monotonic() < until:
            time.sleep(0.5)
        while driver.process.poll() is None:
            wait, kind = next(self._plan)
            end = min(time.monotonic() + wait, until)
            while driver.process.poll() is None and time.monotonic() < end:
                driver.family()
                time.sleep(0.5)
            if driver.process.poll() is not None or time.monotonic() >= until or self.done:
                return
            if FAULTS[kind][1](driver, self._rng):
                self.injected[kind] += 1
