"""Decisions of population based training, independent of Ray, files and clocks.

Method: Jaderberg et al. 2017 (arXiv 1711.09846), with truncation selection, and the quantiles and
perturbations of Ray Tune's `PopulationBasedTraining` with `synch`: trials wait for each other, so
that decisions depend on the scores and the seed alone, not on which trial is faster.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tune_mc1.config.parameters import Parameter
from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.trial_parameters import PARAMETERS
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.planning.explore import explored
from tune_mc1.seeding import derive_seed

NETWORK = (
    *("model", "pretrained", "freeze", "image_size", "normalize", "device", "precision"),
    *("arguments", "passes"),
)
"""Parameters in which trials agree that exchange weights, beside batch norm and registered ones."""


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
        score: Its score, as in `Arrival`.
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
        trials: Their ids.
        copies: Those of them that go on with the weights and settings of another one.
        stop: False.
    """

    epoch: int
    trials: tuple[str, ...]
    copies: tuple[Copy, ...]
    stop: bool = False

    @property
    def trial(self) -> str:
        """Id of the first one."""
        return self.trials[0]


class Population(TrialScheduler[Arrival | Exchange]):
    """Trials that wait for each other after some epochs, and exchange weights and settings.

    Args:
        epochs: Epochs after which they do.
        quantile: Share of the trials that copy, and of those that are copied.
        resample: Probability with which an explored value is drawn anew.
        factors: Factors of explored numbers.
        seed: Seed of all draws.
        parameters: Parameters that are explored, by name.
    """

    promotes: ClassVar[bool] = True

    def __init__(
        self,
        epochs: Iterable[int],
        quantile: float,
        resample: float,
        factors: Sequence[float],
        seed: int,
        parameters: Mapping[str, Parameter],
    ) -> None:
        self.epochs = frozenset(epochs)
        self._quantile, self._resample, self._factors = quantile, resample, tuple(factors)
        self._seed, self.parameters = seed, parameters
        self._last: dict[str, Arrival] = {}
        self._paused: set[str] = set()

    def decide(self, trial: str, epoch: int, score: float | None) -> Arrival | None:
        """Lets a trial that comes to an exchange wait; None for any other epoch."""
        before = self._last.get(trial)
        if epoch not in self.epochs or (before is not None and before.epoch >= epoch):
            return None
        finite = score if score is not None and math.isfinite(score) else None
        arrival = Arrival(trial, epoch, finite)
        self.restore([arrival])
        return arrival

    @property
    def paused(self) -> set[str]:
        """Trials that wait for the others."""
        return self._paused

    def exchange(self, networks: Mapping[str, Hashable]) -> Exchange | None:
        """Compares the waiting trials that have the fewest epochs, when no other one runs.

        Args:
            networks: Key that is equal for trials whose weights fit each other (`network_key`), by
                trial; in the order of the plan. A trial that has ended is not among them.

        Returns:
            What they go on with; None if no trial waits. It is in effect once it is restored.
        """
        waiting = [self._last[trial] for trial in networks if trial in self._paused]
        epoch = min((arrival.epoch for arrival in waiting), default=0)
        here = [arrival for arrival in waiting if arrival.epoch == epoch]
        if not here:
            return None
        alike: dict[Hashable, list[Arrival]] = {}
        for arrival in here:
            alike.setdefault(networks[arrival.trial], []).append(arrival)
        copies = [copy for members in alike.values() for copy in self._copies(members, epoch)]
        return Exchange(epoch, tuple(arrival.trial for arrival in here), tuple(copies))

    def _copies(self, members: Sequence[Arrival], epoch: int) -> Iterable[Copy]:
        """Those of the lowest quantile, each with one of the highest; ties go to the first."""
        ranked = sorted(members, key=lambda one: (_value(one), -members.index(one)))
        count = members_of_quantile(len(members), self._quantile)
        sources = [one for one in ranked[len(ranked) - count :] if one.score is not None]
        for one in sorted(ranked[:count], key=lambda each: each.trial):
            draw = derive_seed(self._seed, "exploit", one.trial, epoch)
            source = sources[draw % len(sources)] if sources else one
            if source.score is not None and _value(one) < source.score:
                yield Copy(one.trial, source.trial, one.score, source.score)

    def explored(self, values: Mapping[str, Any], trial: str, epoch: int) -> dict[str, Any]:
        """Settings with which a trial goes on.

        Args:
            values: Values of the explored parameters of the trial that it copies.
            trial: Its id.
            epoch: Epochs completed.
        """
        from numpy.random import default_rng

        return {
            name: explored(
                self.parameters[name],
                value,
                default_rng(derive_seed(self._seed, "explore", name, trial, epoch)),
                self._resample,
                self._factors,
            )
            for name, value in values.items()
        }

    def gone(self, decisions: Iterable[Arrival | Exchange]) -> set[str]:
        """Ids of the trials that wait."""
        found: set[str] = set()
        for one in decisions:
            if isinstance(one, Exchange):
                found.difference_update(one.trials)
            else:
                found.add(one.trial)
        return found

    def restore(self, decisions: Iterable[Arrival | Exchange]) -> None:
        """Restores decisions, in the order in which they were made."""
        for one in decisions:
            if isinstance(one, Exchange):
                self._paused.difference_update(one.trials)
            else:
                self._last[one.trial] = one
                self._paused.add(one.trial)

    def to_event(self, decision: Arrival | Exchange) -> Mapping[str, Any]:
        """Event `decision` of an arrival; whoever makes an exchange writes its event."""
        if isinstance(decision, Exchange):
            raise TypeError("the event of an exchange has settings that only its tables know")
        facts = {"trial": decision.trial, "epoch": decision.epoch, "score": decision.score}
        return {"event": "decision", **facts, "stop": True}

    def from_event(self, event: Mapping[str, Any]) -> Arrival | Exchange:
        """The decision of an event `decision` or `exchange`."""
        if event["event"] == "decision":
            return Arrival(event["trial"], event["epoch"], event["score"])
        names = ("trial", "source", "score", "source_score")
        copies = (Copy(*(copy[name] for name in names)) for copy in event["copies"])
        return Exchange(event["epoch"], tuple(event["trials"]), tuple(copies))


def _value(arrival: Arrival) -> float:
    return -math.inf if arrival.score is None else arrival.score


def members_of_quantile(trials: int, quantile: float) -> int:
    """Number of trials of the lowest and of the highest quantile, as in Ray Tune."""
    count = math.ceil(trials * quantile)
    return count if count <= trials / 2 else trials // 2


def network_key(config: TrialConfig) -> Hashable:
    """Key that is equal for trials whose weights fit each other, and mean the same."""
    own = {name: getattr(config, name) for name in (*NETWORK, *PARAMETERS)}
    return repr((sorted(own.items()), config.effective_batch_norm))
