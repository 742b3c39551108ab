"""Random search without an end, for programs."""

from collections.abc import Mapping
from typing import Any

from tune_mc1.config.search import AskTell
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.search.random_search import sample_one


class EndlessRandom(AskTell):
    """Settings of a random search, one after the other: the same as with a `run_cap`.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep, self._asked = sweep, 0

    def ask(self, trial: str) -> Mapping[str, Any] | None:
        """The next setting."""
        self._asked += 1
        return sample_one(self._sweep, self._asked - 1)

    def tell(self, trial: str, value: float | None) -> None:
        """Nothing to learn."""
