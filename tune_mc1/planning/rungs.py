"""Decisions of ASHA, independent of Ray, files and clocks.

A scheduler, the journal and fused training share this code. Method: asynchronous successive
halving, stopping variant (Li et al. 2020, arXiv 1810.05934), with the cutoff of Ray Tune's
`ASHAScheduler`, except that a missing or non-finite score counts as the worst instead of passing
every rung (ray#11670).
"""

import math
from bisect import insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_mc1.config.stop_reason import StopReason
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.results.trial_events import RungEvent
from tune_mc1.seeding import derive_seed


@dataclass(frozen=True)
class RungEntry:
    """Arrival of a trial at a rung, and the decision.

    Attributes:
        trial: Id of the trial.
        bracket: Index of its bracket, from 0.
        rung: Epoch of the rung.
        score: The metric, negated if necessary so that higher is better; -inf if missing or
            non-finite.
        cutoff: The score required to continue; None for the first arrival, which always continues.
        stop: Whether the trial stops here.
    """

    trial: str
    bracket: int
    rung: int
    score: float
    cutoff: float | None
    stop: bool


class Rungs(TrialScheduler[RungEntry]):
    """The rungs of a sweep, with the scores of the trials that have reached them.

    Args:
        brackets: The rungs of each bracket as epochs, ascending
            (`SuccessiveHalving.brackets_of`).
        eta: Reduction factor, at least 2: about one trial in `eta` continues.
    """

    def __init__(self, brackets: Sequence[Sequence[int]], eta: float) -> None:
        self.eta = eta
        self.brackets = [tuple(sorted(rungs)) for rungs in brackets]
        self._scores: dict[tuple[int, int], list[float]] = {
            (b, rung): [] for b, rungs in enumerate(self.brackets) for rung in rungs
        }
        self._arrived: set[tuple[str, int]] = set()
        self._reasons: dict[str, StopReason] = {}

    def bracket_of(self, trial: str) -> int:
        """Draws the bracket of a trial from its id; brackets with more rungs are more likely.

        The weights are those of Ray Tune (softmax of the number of rungs).
        """
        return draw_bracket(trial, [math.exp(len(rungs)) for rungs in self.brackets])

    def decides_at(self, trial: str) -> Collection[int]:
        """The rungs of its bracket."""
        return self.brackets[self.bracket_of(trial)]

    def decide(self, trial: str, epoch: int, score: float | None) -> RungEntry | None:
        """Decides whether a trial stops if it has reached a new rung.

        Args:
            trial: Id of the trial.
            epoch: Epochs completed, from 1.
            score: Its metric, higher is better; None or non-finite counts as the worst.

        Returns:
            The entry, or None if the trial has not reached a new rung.
        """
        bracket = self.bracket_of(trial)
        reached = [rung for rung in self.brackets[bracket] if rung <= epoch]
        if not reached or (trial, reached[-1]) in self._arrived:
            return None
        return self._enter(trial, bracket, reached[-1], score)

    def forfeit(self, trial: str, epoch: int) -> RungEntry | None:
        """Counts a failed trial as the worst at the next rung that it would have reached.

        Args:
            trial: Id of the trial.
            epoch: Epoch in which it failed, from 1.
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
        """Restores entries of an earlier run, in the order in which they were made."""
        for entry in decisions:
            scores = self._scores[entry.bracket, entry.rung]
            if entry.stop:
                self._reasons[entry.trial] = StopReason(
                    entry.rung,
                    entry.rung,
                    entry.score if entry.score > -math.inf else None,
                    entry.cutoff,
                    "best_share",
                    len(scores),
                    self.eta,
                )
            insort(scores, entry.score)
            self._arrived.add((entry.trial, entry.rung))

    def reason(self, trial: str) -> StopReason | None:
        """The comparison with the trials that had come to the rung before."""
        return self._reasons.get(trial)

    def to_event(self, decision: RungEntry) -> RungEvent:
        """Converts an entry to an event `rung`."""
        return rung_event(decision)

    def from_event(self, event: Mapping[str, Any]) -> RungEntry:
        """Converts an event `rung` to an entry."""
        return rung_entry(event)


def draw_bracket(trial: str, weights: Sequence[float]) -> int:
    """Draws the bracket of a trial from its id.

    Args:
        trial: Id of the trial.
        weights: How likely each bracket is, relative to the others.
    """
    point = derive_seed(0, "bracket", trial) / 2**63 * sum(weights)
    for bracket, weight in enumerate(weights):
        point -= weight
        if point < 0:
            return bracket
    return len(weights) - 1


def _quantile(ordered: Sequence[float], q: float) -> float:
    """The q-quantile by linear interpolation, like numpy's default, but correct with -inf."""
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    below, above = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
    if below == above or not math.isfinite(below):
        return below
    return below + (above - below) * (position - low)


def survivors(trials: int, rungs: Sequence[int], eta: float) -> list[int]:
    """Number of trials that reach each rung if exactly one in `eta` continues at each.

    Args:
        trials: Number of trials that start.
        rungs: Epochs of the rungs, ascending.
        eta: Reduction factor.

    Returns:
        One number per rung, and one for the trials that run to the end.
    """
    counts = [trials]
    for _ in rungs:
        counts.append(math.ceil(counts[-1] / eta))
    return counts


def rung_event(entry: RungEntry) -> RungEvent:
    """Event of an arrival at a rung."""
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
