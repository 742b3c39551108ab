"""Random search without an end, for programs and modules."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from tune_mc1.config.search import AskTell, SpaceUsedUp
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.distinct import distinct_samples
from tune_mc1.planning.draws import sample_one


class EndlessRandom(AskTell):
    """Settings of a random search, one after the other: the same as with a `run_cap`.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._settings: Iterator[Mapping[str, Any]] = (
            (sample_one(sweep, i) for i in count()) if sweep.repeats else distinct_samples(sweep)
        )

    def ask(self, trial: str) -> Mapping[str, Any] | None:
        """The next setting.

        Raises:
            SpaceUsedUp: If all have been asked for, and equal ones would give equal results.
        """
        setting = next(self._settings, None)
        if setting is None:
            raise SpaceUsedUp
        return setting

    def tell(self, trial: str, value: float | None) -> None:
        """Nothing to learn."""
