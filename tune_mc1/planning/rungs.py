"""ASHA's decisions, pure: entries go in, decisions come out.

Nothing here knows of Ray, files or clocks, so a scheduler, a journal and fused training share it.
Method: asynchronous successive halving, stopping variant (Li et al. 2020, arXiv 1810.05934), with
the cutoff that Ray Tune's `ASHAScheduler` uses, except that a missing or non-finite score counts as
the worst instead of slipping through (ray#11670).
"""

import math
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.results.events import RungEvent
from tune_mc1.seeding import derive_seed


@dataclass(frozen=True)
class RungEntry:
    """One arrival of a trial at a rung, and what was decided.

    Attributes:
        trial: Id of the trial.
        bracket: Index of its bracket, from 0.
        rung: Epoch of the rung.
        score: The metric, turned so that higher is better; -inf if missing or non-finite.
        cutoff: The score that was needed; None for the first arrival, which always goes on.
        stop: Whether the trial stops here.
    """

    trial: str
    bracket: int
    rung: int
    score: float
    cutoff: float | None
    stop: bool


class Rungs(TrialScheduler[RungEntry]):
    """All rungs of a sweep: which trials arrived where, with which score.

    Args:
        brackets: The rungs of each bracket as epochs, ascending
            (`SuccessiveHalving.brackets_of`).
        eta: Reduction factor: about one trial in `eta` goes on, at least 2.
    """

    def __init__(self, brackets: Sequence[Sequence[int]], eta: float) -> None:
        self.eta = eta
        self.brackets = [tuple(sorted(rungs)) for rungs in brackets]
        self._scores: dict[tuple[int, int], list[float]] = {
            (b, rung): [] for b, rungs in enumerate(self.brackets) for rung in rungs
        }
        self._arrived: set[tuple[str, int]] = set()

    def bracket_of(self, trial: str) -> int:
        """The bracket of a trial: drawn from its id, brackets with more rungs more often.

        The weights are those of Ray Tune (softmax of the number of rungs).
        """
        weights = [math.exp(len(rungs)) for rungs in self.brackets]
        point = derive_seed(0, "bracket", trial) / 2**63 * sum(weights)
        for bracket, weight in enumerate(weights):
            point -= weight
            if point < 0:
                return bracket
        return len(weights) - 1

    def decide(self, trial: str, epoch: int, score: float | None) -> RungEntry | None:
        """Takes in a trial's score after an epoch and decides if it has reached a new rung.

        Args:
            trial: Id of the trial.
            epoch: Epochs completed, from 1.
            score: Its metric, higher is better; None or non-finite counts as the worst.

        Returns:
            The entry, or None where the epoch is at no rung that is new to the trial.
        """
        bracket = self.bracket_of(trial)
        reached = [rung for rung in self.brackets[bracket] if rung <= epoch]
        if not reached or (trial, reached[-1]) in self._arrived:
            return None
        return self._enter(trial, bracket, reached[-1], score)

    def forfeit(self, trial: str, epoch: int) -> RungEntry | None:
        """Counts a trial that broke off as the worst at the rung that it would have reached next.

        Args:
            trial: Id of the trial.
            epoch: Epoch in which it broke off, from 1.
        """
        bracket = self.bracket_of(trial)
        for rung in self.brackets[bracket]:
            if rung >= epoch and (trial, rung) not in self._arrived:
                return self._enter(trial, bracket, rung, None)
        return None

    def _enter(self, trial: str, bracket: int, rung: int, score: float | None) -> RungEntry:
        value = score if score is not None and math.isfinite(score) else -math.inf
        scores = self._scores[bracket, rung]
        cutoff = _quantile(scores, 1 - 1 / self.eta) if scores else None
        stop = value == -math.inf or (cutoff is not None and value < cutoff)
        entry = RungEntry(trial, bracket, rung, value, cutoff, stop)
        self.restore([entry])
        return entry

    def restore(self, decisions: Iterable[RungEntry]) -> None:
        """Takes in entries of an earlier run, in the order in which they were made."""
        for entry in decisions:
            insort(self._scores[entry.bracket, entry.rung], entry.score)
            self._arrived.add((entry.trial, entry.rung))

    def to_event(self, decision: RungEntry) -> RungEvent:
        """Event `rung`."""
        return rung_event(decision)

    def from_event(self, event: Mapping[str, Any]) -> RungEntry:
        """The entry of an event `rung`."""
        return rung_entry(event)


def _quantile(ordered: Sequence[float], q: float) -> float:
    """The q-quantile by linear interpolation, as numpy's default, but sound with -inf."""
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    below, above = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
    if below == above or not math.isfinite(below):
        return below
    return below + (above - below) * (position - low)


def survivors(trials: int, rungs: Sequence[int], eta: float) -> list[int]:
    """How many trials reach each rung if exactly one in `eta` goes on at each.

    Args:
        trials: Number of trials that start.
        rungs: Epochs of the rungs, ascending.
        eta: Reduction factor.

    Returns:
        As many numbers as rungs, and one more for those that run to the end.
    """
    counts = [trials]
    for _ in rungs:
        counts.append(math.ceil(counts[-1] / eta))
    return counts


def rung_event(entry: RungEntry) -> RungEvent:
    """The event of an arrival at a rung."""
    return {
        "event": "rung",
        "trial": entry.trial,
        "bracket": entry.bracket,
        "rung": entry.rung,
        "stop": entry.stop,
        "score": None if entry.score == -math.inf else entry.score,
        "cutoff": None if entry.cutoff == -math.inf else entry.cutoff,
    }


def rung_entry(event: Mapping[str, Any]) -> RungEntry:
    """Inverse of `rung_event`. No cutoff and a cutoff of -inf both come back as None."""
    score = event["score"]
    return RungEntry(
        event["trial"],
        event["bracket"],
        event["rung"],
        -math.inf if score is None else score,
        event["cutoff"],
        event["stop"],
    )
