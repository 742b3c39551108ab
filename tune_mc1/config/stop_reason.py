"""Why a trial scheduler stopped a trial, or lets it pause; independent of words and of Ray."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tune_mc1.config.field_types import Lang

Rule = Literal["best_share", "median", "own"]
"""Comparisons: those for which `tune_mc1.planning.stop_reasons` has words, and others."""


@dataclass(frozen=True)
class StopReason:
    """Why a trial was stopped or pauses, and against what.

    Attributes:
        epoch: Epochs that it had completed.
        at: Epoch at which scores were compared.
        score: What was compared, negated if necessary so that higher is better; None if it was
            missing or not finite.
        limit: Score that it would have needed; None if there is none yet.
        rule: The comparison: `best_share` with the worst of the best `1 / share` trials, `median`
            of its best score with the median of the other trials' mean scores, `own` with what
            `words` say.
        trials: Number of trials with which it was compared.
        share: With `best_share`: one trial in so many goes on; else 0.
        words: With `own`: what `limit` is, by language, such as `{"en": "the mean of {n} at {unit}
            {at}"}`; `{n}` is `3 trials`, `{unit}` is epoch or iteration. English stands in for
            German where that is missing.
    """

    epoch: int
    at: int
    score: float | None
    limit: float | None
    rule: Rule
    trials: int
    share: float = 0.0
    words: Mapping[Lang, str] = field(default_factory=dict)


Why = StopReason | str
"""A reason: scores that were compared, or any line of a scheduler's own."""
