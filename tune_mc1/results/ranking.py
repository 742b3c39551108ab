"""Ranking: the one order of trials and settings that every table, page and command uses."""

from collections.abc import Iterable
from typing import Literal

Rank = Literal["ended", "score"]
"""Order of trials and settings by their score: those that broke off last, or like all others."""

BROKEN = frozenset({"diverged", "failed"})
"""States of trials that broke off, and whose scores are those of earlier epochs."""


def is_broken(states: Iterable[str]) -> bool:
    """True if trials with a score have all diverged or failed; False if there are none.

    Args:
        states: Their states.
    """
    found = set(states)
    return bool(found) and found <= BROKEN


def rank_key(
    score: float | None, *, broken: bool, maximize: bool, rank: Rank = "ended"
) -> tuple[int, float]:
    """Key that sorts trials or settings, best first.

    Those without a score come last, and before them those that broke off.

    Args:
        score: Score of a trial, or mean of a setting's runs; None without one.
        broken: `is_broken` of the trial or of the setting's trials.
        maximize: Whether a higher score is better.
        rank: `score` ranks those that broke off by their score, like all others.
    """
    if score is None:
        return 2, 0.0
    return int(broken and rank == "ended"), -score if maximize else score
