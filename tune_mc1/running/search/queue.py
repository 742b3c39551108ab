"""What a searcher of ours offers besides Ray Tune's interface: its queue can be changed."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any

from ray.tune.search import Searcher

from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.trial import Trial
from tune_mc1.running.callbacks.driver_only import DriverOnly

Spec = dict[str, Any]
"""A dumped trial, as Ray Tune's trials carry them."""

Regroup = Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]]
"""Divides trials into groups that are trained together, each of trials at the same epoch."""


class QueueSearcher(DriverOnly, Searcher):
    """Gives Ray Tune groups of trials, some of which are known before they start."""

    @abstractmethod
    def give_back(self, group: Sequence[Spec]) -> None:
        """Takes back a group that has been suggested and not started; it comes next."""

    @abstractmethod
    def take_out(self, trials: Collection[str]) -> None:
        """Removes trials, by their ids, from what is known to come."""

    @abstractmethod
    def regroup(self, regroup: Regroup) -> None:
        """Divides what is known to come into groups anew."""

    @abstractmethod
    def has_more(self) -> bool:
        """True if further trials will come, apart from those that pause."""


def trials_of(group: Sequence[Spec]) -> list[AnyTrial]:
    """The trials of dumped ones."""
    return [
        Trial.model_validate(spec) if "config" in spec else ProgramTrial.model_validate(spec)
        for spec in group
    ]


def without(
    groups: Sequence[Sequence[AnyTrial]], trials: Collection[str]
) -> list[Sequence[AnyTrial]]:
    """Groups without some trials; a group that has no other trial is left out."""
    kept = [[trial for trial in group if trial.id not in trials] for group in groups]
    return [group for group in kept if group]
