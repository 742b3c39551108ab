"""Exchanges of weights and settings in a population, and which trials can take part in them."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.trial_parameters import PARAMETERS

NETWORK = (
    *("model", "pretrained", "freeze", "image_size", "normalize", "device", "precision"),
    *("arguments", "passes"),
)
"""Parameters in which trials agree that exchange weights, beside batch norm and registered ones."""

Setting = Mapping[str, Any]
"""Values of the explored parameters of a trial, by name; those that do not apply are absent."""


@dataclass(frozen=True)
class Arrival:
    """A trial has come to an exchange, and waits there.

    Attributes:
        trial: Its id.
        epoch: Epochs completed.
        score: The metric, negated if necessary so that higher is better; None if missing or not
            finite.
        stop: True: it leaves its worker.
    """

    trial: str
    epoch: int
    score: float | None
    stop: bool = True


@dataclass(frozen=True)
class Copy:
    """A trial that goes on with the weights and settings of another one.

    Attributes:
        trial: Its id.
        source: Id of the other one.
        score: Its score, as in `Arrival`; None also if it has diverged or failed.
        source_score: Score of the other one.
    """

    trial: str
    source: str
    score: float | None
    source_score: float


@dataclass(frozen=True)
class Exchange:
    """Trials that have completed as many epochs were compared, and go on.

    Attributes:
        epoch: That number.
        trials: Their ids, and those of trials that are replaced, as they have diverged or failed.
        copies: Those of them that go on with the weights and settings of another one.
        settings: Values of the explored parameters that each had until now, where the population
            learns from them; else empty.
        stop: False.
    """

    epoch: int
    trials: tuple[str, ...]
    copies: tuple[Copy, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stop: bool = False

    @property
    def trial(self) -> str:
        """Id of the first one."""
        return self.trials[0]


def members_of_quantile(trials: int, quantile: float) -> int:
    """Number of trials of the lowest and of the highest quantile, as in Ray Tune."""
    count = math.ceil(trials * quantile)
    return count if count <= trials / 2 else trials // 2


def network_key(config: TrialConfig) -> Hashable:
    """Key that is equal for trials whose weights fit each other, and mean the same."""
    own = {name: getattr(config, name) for name in (*NETWORK, *PARAMETERS)}
    return repr((sorted(own.items()), config.effective_batch_norm))
