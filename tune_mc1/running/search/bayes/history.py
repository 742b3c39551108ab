"""What a Bayesian search has seen of its trials, and what it learns from it."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median
from typing import Any

Code = int | float


@dataclass
class Seen:
    """A trial, as far as it has got.

    Attributes:
        codes: Codes of its setting by parameter.
        curve: The metric by epoch; epochs without a finite value are left out.
        fits: Whether the sweep can have its setting; if not, nothing is learned from it.
        state: How it ended; empty while it runs.
        values: Final values of the objectives; empty if it has none.
        metrics: Final values of all metrics.
        violations: How far it is from fulfilling each constraint; at most 0 if it does.
        notes: What Optuna's sampler noted when it suggested the setting.
    """

    codes: Mapping[str, Code]
    curve: dict[int, float] = field(default_factory=dict)
    fits: bool = True
    state: str = ""
    values: tuple[float, ...] = ()
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    violations: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """True if it ended without values of the objectives."""
        return self.state != "" and not self.values

    @property
    def last(self) -> int:
        """Its last epoch with a value; 0 without one."""
        return max(self.curve, default=0)


class Use(Enum):
    """How the model uses a trial."""

    SCORED = "by its value"
    STOPPED = "worse than all that are scored"
    PENDING = "runs, and is avoided"


@dataclass(frozen=True)
class Observation:
    """A trial as the model sees it.

    Attributes:
        seen: The trial.
        use: How it is used.
        values: Values of the objectives; empty unless it is scored.
        epoch: Epoch of a stopped trial's last value; 0 without one.
        value: That value.
    """

    seen: Seen
    use: Use
    values: tuple[float, ...] = ()
    epoch: int = 0
    value: float = math.nan


def observed(
    trials: Sequence[Seen], level: int | None, *, several: bool, complete: bool, maximize: bool
) -> list[Observation]:
    """What a model learns from.

    Args:
        trials: The trials.
        level: Epoch at which trials are compared; None if none is stopped early.
        several: Whether there are several objectives, of which only final values are known.
        complete: Whether the model needs a value of each ended trial.
        maximize: Whether higher values of the first objective are better.
    """
    if several or level is None:
        found = final_values(trials, stopped_are_worse=several)
    else:
        found = values_at_level(trials, level)
    return imputed(found, maximize) if complete and not several else found


def final_values(trials: Iterable[Seen], *, stopped_are_worse: bool = False) -> list[Observation]:
    """Observations of a search without early stopping: values of trials that ended.

    Args:
        trials: The trials.
        stopped_are_worse: Whether trials that were stopped early are worse than all others.
    """
    found = []
    for seen in trials:
        if stopped_are_worse and seen.state == "stopped":
            found.append(Observation(seen, Use.STOPPED))
        elif seen.values:
            found.append(Observation(seen, Use.SCORED, seen.values))
        else:
            found.append(Observation(seen, Use.STOPPED if seen.failed else Use.PENDING))
    return found


def values_at_level(trials: Iterable[Seen], level: int) -> list[Observation]:
    """Observations of a search whose trials may be stopped early.

    Trials are compared at one epoch, as in BOHB (Falkner et al., ICML 2018). Those that were
    stopped below it, which BOHB leaves out, are worse than all others, and among each other ordered
    by their last epoch, then by their value at it.

    Args:
        trials: The trials.
        level: The epoch (`highest_level`).
    """
    found = []
    for seen in trials:
        if seen.state == "completed" and seen.last < level and seen.values:
            found.append(Observation(seen, Use.SCORED, seen.values))  # a shorter trial
        elif level in seen.curve:
            found.append(Observation(seen, Use.SCORED, (seen.curve[level],)))
        elif not seen.state:
            found.append(Observation(seen, Use.PENDING))
        elif seen.failed or not seen.curve:
            found.append(Observation(seen, Use.STOPPED))
        else:
            found.append(Observation(seen, Use.STOPPED, (), seen.last, seen.curve[seen.last]))
    return found


def highest_level(reached: Mapping[int, int], levels: Container[int], enough: int) -> int:
    """The highest epoch that enough trials have reached; 0 if there is none.

    Args:
        reached: Number of trials that have a value after each epoch.
        levels: Epochs at which trials can be compared.
        enough: Number of trials that are needed.
    """
    return max((e for e, count in reached.items() if count >= enough and e in levels), default=0)


def imputed(observations: Sequence[Observation], maximize: bool) -> list[Observation]:
    """Scores stopped trials too, for models that need a value of each.

    A trial that was stopped at some epoch gets its last value plus the median gain from there of
    the trials that went on, and a failed one the worst value of all.

    Args:
        observations: The observations, of one objective.
        maximize: Whether higher values are better.
    """
    scored = [one for one in observations if one.use is Use.SCORED]
    if not scored:
        return list(observations)
    worst = (min if maximize else max)(one.values[0] for one in scored)
    gains: dict[int, float] = {}
    found = []
    for one in observations:
        if one.use is not Use.STOPPED:
            found.append(one)
            continue
        value = worst
        if one.epoch:
            if one.epoch not in gains:
                gains[one.epoch] = _gain(scored, one.epoch)
            value = one.value + gains[one.epoch]
        found.append(Observation(one.seen, Use.SCORED, (value,)))
    return found


def _gain(scored: Sequence[Observation], epoch: int) -> float:
    """Median gain after an epoch; 0 if no trial is known to have gone on."""
    differences = [
        one.values[0] - one.seen.curve[epoch] for one in scored if epoch in one.seen.curve
    ]
    return median(differences) if differences else 0.0


def fewer(observations: Sequence[Observation], most: int, maximize: bool) -> list[Observation]:
    """Limits the scored trials, for models whose cost grows with the cube of their number.

    Half of those that are kept are the best by the first objective, the others the latest.

    Args:
        observations: The observations.
        most: Number of scored trials that are kept; all others are kept anyway.
        maximize: Whether higher values of the first objective are better.
    """
    scored = [i for i, one in enumerate(observations) if one.use is Use.SCORED]
    if len(scored) <= most:
        return list(observations)
    ranked = sorted(scored, key=lambda i: observations[i].values[0], reverse=maximize)
    best = set(ranked[: most // 2])
    latest = [i for i in scored if i not in best][-(most - len(best)) :]
    dropped = set(scored) - best - set(latest)
    return [one for i, one in enumerate(observations) if i not in dropped]
