"""Decisions of population based training, independent of Ray, files and clocks.

Method: Jaderberg et al. 2017 (arXiv 1711.09846), with truncation selection, and the quantiles and
perturbations of Ray Tune's `PopulationBasedTraining` with `synch`: trials wait for each other, so
that decisions depend on the scores and the seed alone, not on which trial is faster.
"""

import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from tune_mc1.config.parameters import Parameter
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.planning.exchanges import Arrival, Copy, Exchange, Setting, members_of_quantile
from tune_mc1.planning.explore import explored
from tune_mc1.seeding import derive_seed


class Population(TrialScheduler[Arrival | Exchange]):
    """Trials that wait for each other after some epochs, and exchange weights and settings.

    Args:
        epochs: Epochs after which they do.
        quantile: Share of the trials that copy, and of those that are copied.
        resample: Probability with which an explored value is drawn anew.
        factors: Factors of explored numbers.
        seed: Seed of all draws.
        parameters: Parameters that are explored, by name.

    Attributes:
        learns: Whether what is explored depends on all settings and scores so far.
    """

    promotes: ClassVar[bool] = True
    learns: ClassVar[bool] = False

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

    def decides_at(self, trial: str) -> Collection[int]:
        """Epochs after which trials exchange."""
        return self.epochs

    @property
    def paused(self) -> set[str]:
        """Trials that wait for the others."""
        return self._paused

    def exchange(
        self, networks: Mapping[str, Hashable], lost: Mapping[str, int] | None = None
    ) -> Exchange | None:
        """Compares the waiting trials that have the fewest epochs, when no other one runs.

        Args:
            networks: Key that is equal for trials whose weights fit each other (`network_key`), by
                trial; in the order of the plan. A trial that has ended is not among them, unless it
                has diverged or failed.
            lost: Epochs completed by trials that have diverged or failed. They count as the worst,
                and each of them is replaced, if there is one to copy.

        Returns:
            What they go on with; None if no trial waits. It is in effect once it is restored.
        """
        lost = lost or {}
        waits = [t for t in networks if t in self._paused and t not in lost]
        epoch = min((self._last[trial].epoch for trial in waits), default=0)
        here = {t: self._last[t] for t in waits if self._last[t].epoch == epoch}
        if not here:
            return None
        here |= {trial: Arrival(trial, epoch, None) for trial, n in lost.items() if n < epoch}
        alike: dict[Hashable, list[Arrival]] = {}
        for trial in (one for one in networks if one in here):
            alike.setdefault(networks[trial], []).append(here[trial])
        copies = [c for members in alike.values() for c in self._copies(members, epoch, lost)]
        on = {*waits, *(copy.trial for copy in copies)} & here.keys()
        return Exchange(epoch, tuple(t for t in networks if t in on), tuple(copies))

    def _copies(
        self, members: Sequence[Arrival], epoch: int, lost: Collection[str]
    ) -> Iterable[Copy]:
        """Those of the lowest quantile, each with one of the highest; ties go to the first."""
        ranked = sorted(
            members, key=lambda one: (one.trial not in lost, _value(one), -members.index(one))
        )
        count = members_of_quantile(len(members), self._quantile)
        sources = [one for one in ranked[len(ranked) - count :] if one.score is not None]
        lowest = ranked[: max(count, sum(one.trial in lost for one in members))]
        for one in sorted(lowest, key=lambda each: each.trial):
            draw = derive_seed(self._seed, "exploit", one.trial, epoch)
            source = sources[draw % len(sources)] if sources else one
            if source.score is not None and _value(one) < source.score:
                yield Copy(one.trial, source.trial, one.score, source.score)

    def settings(
        self, made: Exchange, networks: Mapping[str, Hashable], values: Mapping[str, Setting]
    ) -> dict[str, dict[str, Any]]:
        """Explored values with which the trials go on that copy another one.

        Args:
            made: The exchange.
            networks: As in `exchange`.
            values: Values of the explored parameters that each of its trials had until now; those
                that do not apply to it are absent.
        """
        return {
            copy.trial: self.explored(values[copy.source], copy.trial, made.epoch)
            for copy in made.copies
        }

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
        settings = event.get("settings", {})
        return Exchange(event["epoch"], tuple(event["trials"]), tuple(copies), settings)


def _value(arrival: Arrival) -> float:
    return -math.inf if arrival.score is None else arrival.score
