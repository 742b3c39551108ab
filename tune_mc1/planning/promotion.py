"""Promotion by ASHA, independent of Ray, files and clocks.

Method: asynchronous successive halving as published (Li et al. 2020, arXiv 1810.05934, algorithm
2): a trial pauses at each rung; when a worker is free, the best of the highest rung that holds a
trial among its best `1 / eta` which has not gone on yet is promoted, else a new setting starts.
A trial that is among them as it arrives goes on at once.
"""

import math
from bisect import insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from tune_mc1.config.stop_reason import StopReason
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.planning.rungs import draw_bracket
from tune_mc1.results.trial_events import RungEvent


@dataclass(frozen=True)
class RungStep:
    """Arrival of a trial at a rung, or its promotion from there.

    Attributes:
        trial: Id of the trial.
        bracket: Index of its bracket, from 0.
        rung: Epoch of the rung.
        score: The metric, negated if necessary so that higher is better; -inf if missing or
            non-finite.
        cutoff: Score of the last of the best `1 / eta` trials at the rung; None if there are none,
            or if it is -inf.
        trials: Number of trials that have arrived there, this one included.
        stop: Whether the trial pauses, rather than goes on.
    """

    trial: str
    bracket: int
    rung: int
    score: float
    cutoff: float | None
    trials: int
    stop: bool


class _Rung:
    """One rung: who has arrived, and who has gone on."""

    def __init__(self) -> None:
        self.order: list[tuple[float, int, str]] = []
        """Trials as (negative score, number of arrival, id): best first, then first come."""
        self.gone_on: set[str] = set()

    def arrive(self, trial: str, score: float) -> None:
        insort(self.order, (-score, len(self.order), trial))

    def best(self, eta: float) -> int:
        """Number of trials that may go on."""
        return int(len(self.order) / eta)


class PromotingRungs(TrialScheduler[RungStep]):
    """The rungs of a sweep in which trials pause and are promoted.

    Args:
        brackets: The rungs of each bracket as epochs, ascending.
        eta: Reduction factor, greater than 1: the best `1 / eta` of a rung go on.
    """

    promotes: ClassVar[bool] = True

    def __init__(self, brackets: Sequence[Sequence[int]], eta: float) -> None:
        self.eta, self.brackets = eta, [tuple(sorted(rungs)) for rungs in brackets]
        places = [(rung, b) for b, rungs in enumerate(self.brackets) for rung in rungs]
        self._rungs = {place: _Rung() for place in sorted(places, reverse=True)}
        """Rungs by (epoch, bracket), the highest first."""
        self._steps: dict[str, RungStep] = {}
        """The last step of each trial."""
        self._paused: set[str] = set()

    def bracket_of(self, trial: str) -> int:
        """Draws the bracket of a trial from its id, in Hyperband's proportions."""
        return draw_bracket(trial, [bracket_weight(len(r), self.eta) for r in self.brackets])

    def decides_at(self, trial: str) -> Collection[int]:
        """The rungs of its bracket."""
        return self.brackets[self.bracket_of(trial)]

    def decide(self, trial: str, epoch: int, score: float | None) -> RungStep | None:
        """Lets a trial that has reached a new rung pause, or go on if it is among the best there.

        Args:
            trial: Id of the trial.
            epoch: Epochs completed, from 1.
            score: Its metric, higher is better; None or non-finite counts as the worst, which
                never goes on.

        Returns:
            The step, or None if the trial has not reached a new rung.
        """
        bracket = self.bracket_of(trial)
        reached = [rung for rung in self.brackets[bracket] if rung <= epoch]
        before = self._steps.get(trial)
        if not reached or (before is not None and before.rung >= reached[-1]):
            return None
        return self._enter(trial, bracket, reached[-1], score)

    def forfeit(self, trial: str, epoch: int) -> RungStep | None:
        """Counts a failed trial as the worst at the next rung that it would have reached.

        Args:
            trial: Id of the trial.
            epoch: Epoch in which it failed, from 1.
        """
        bracket, before = self.bracket_of(trial), self._steps.get(trial)
        for rung in self.brackets[bracket]:
            if rung >= epoch and (before is None or before.rung < rung):
                return self._enter(trial, bracket, rung, None)
        return None

    def _enter(self, trial: str, bracket: int, rung: int, score: float | None) -> RungStep:
        value = score if score is not None and math.isfinite(score) else -math.inf
        own = self._rungs[rung, bracket]
        own.arrive(trial, value)
        best = value > -math.inf and any(name == trial for *_, name in _first(own, self.eta))
        step = self._step(trial, bracket, rung, value, stop=not best)
        self._remember(step)
        return step

    def _step(self, trial: str, bracket: int, rung: int, score: float, *, stop: bool) -> RungStep:
        own = self._rungs[rung, bracket]
        last = own.order[own.best(self.eta) - 1][0] if own.best(self.eta) else math.inf
        cutoff = -last if math.isfinite(last) else None
        return RungStep(trial, bracket, rung, score, cutoff, len(own.order), stop)

    def _remember(self, step: RungStep) -> None:
        self._steps[step.trial] = step
        if step.stop and step.score > -math.inf:
            self._paused.add(step.trial)
            return
        self._paused.discard(step.trial)
        if not step.stop:
            self._rungs[step.rung, step.bracket].gone_on.add(step.trial)

    @property
    def paused(self) -> Collection[str]:
        """Trials that wait at a rung; one without a finite score is stopped there."""
        return self._paused

    def promote(
        self, among: Collection[str] | None = None, *, last: bool = False
    ) -> RungStep | None:
        """Promotes the best paused trial of the highest rung that has one to promote.

        At the end of a sweep a rung may hold fewer than `eta` trials. Its best one goes on then, so
        that at least one trial of the sweep runs all its epochs.
        """
        waiting = self._paused if among is None else self._paused & set(among)
        for (rung, bracket), own in self._rungs.items():
            for *_, trial in _first(own, self.eta):
                if trial in waiting and self._steps[trial].rung == rung:
                    return self._go_on(trial, bracket, rung)
        reached = ((place, own) for place, own in self._rungs.items() if own.order)
        (rung, bracket), own = next(reached, ((0, 0), _Rung()))
        if not last or not own.order or own.gone_on:
            return None
        best = own.order[0][-1]
        return self._go_on(best, bracket, rung) if best in waiting else None

    def _go_on(self, trial: str, bracket: int, rung: int) -> RungStep:
        step = self._step(trial, bracket, rung, self._steps[trial].score, stop=False)
        self._remember(step)
        return step

    def reason(self, trial: str) -> StopReason | None:
        """The comparison at the rung at which a trial waits, with all that have come since."""
        step = self._steps.get(trial)
        if step is None or not step.stop:
            return None
        now = self._step(trial, step.bracket, step.rung, step.score, stop=True)
        score = step.score if step.score > -math.inf else None
        return StopReason(
            step.rung, step.rung, score, now.cutoff, "best_share", now.trials, self.eta
        )

    def restore(self, decisions: Iterable[RungStep]) -> None:
        """Restores steps of an earlier run, in the order in which they were made."""
        for step in decisions:
            before = self._steps.get(step.trial)
            if before is None or before.rung != step.rung:
                self._rungs[step.rung, step.bracket].arrive(step.trial, step.score)
            self._remember(step)

    def to_event(self, decision: RungStep) -> RungEvent:
        """Converts a step to an event `rung`."""
        return {
            "event": "rung",
            "trial": decision.trial,
            "bracket": decision.bracket,
            "rung": decision.rung,
            "stop": decision.stop,
            "score": None if decision.score == -math.inf else decision.score,
            "cutoff": decision.cutoff,
            "trials": decision.trials,
        }

    def from_event(self, event: Mapping[str, Any]) -> RungStep:
        """Converts an event `rung` to a step."""
        score = -math.inf if event["score"] is None else event["score"]
        kept = (event[name] for name in ("cutoff", "trials", "stop"))
        return RungStep(event["trial"], event["bracket"], event["rung"], score, *kept)


def _first(rung: _Rung, eta: float) -> Iterable[tuple[float, int, str]]:
    return islice(rung.order, rung.best(eta))


def bracket_weight(rungs: int, eta: float) -> float:
    """Size of a bracket, relative to the others, so that all train about as much.

    It is `eta^s / (s + 1)` with s rungs (Li et al. 2018, arXiv 1603.06560, algorithm 1).
    """
    return float(eta**rungs) / (rungs + 1)
