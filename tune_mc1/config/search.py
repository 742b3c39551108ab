"""Search algorithms: base class and registry of the values of a sweep file's `method`.

Each algorithm is a file in `tune_mc1.planning.search`, or a module of another package.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.config.problems import Problem
    from tune_mc1.config.sweep import Sweep


class Search:
    """Base class of search algorithms, which choose the settings of a sweep.

    A search either plans all settings in advance (`settings`) or learns; in the latter case
    `adapter` names the class that suggests settings as results arrive.

    Attributes:
        name: Its name in sweep files and on the command line.
        adapter: Path `package.module:Class` of an `AskTell`, constructed with the sweep; None for a
            search that plans in advance. Imported only where the sweep runs.
        needs_run_cap: Whether `run_cap` sets the number of settings.
        takes_sampler: Whether it uses the sweep's `sampler`.
        sampled: Whether settings are sampled, so that statistics compare unpaired groups.
        adopts: Whether a search that learns goes on from trials whose settings it would not have
            suggested, so that a resumed sweep may have other parameters.
    """

    name: ClassVar[str]
    adapter: ClassVar[str | None] = None
    needs_run_cap: ClassVar[bool] = True
    sampled: ClassVar[bool] = True
    takes_sampler: ClassVar[bool] = False
    adopts: ClassVar[bool] = False

    @property
    def learns(self) -> bool:
        """True if settings depend on results and are not known in advance."""
        return self.adapter is not None

    def problems(self, sweep: "Sweep") -> "list[Problem]":
        """Problems of a sweep that this search cannot handle, such as values that it may draw."""
        from tune_mc1.config.fields import end_problems  # which needs the trial, as searches do not
        from tune_mc1.config.program_sweep import ProgramSweep

        if isinstance(sweep, ProgramSweep):
            return []
        quantised = {
            name: parameter
            for name, parameter in sweep.parameters.items()
            if parameter.distribution == "q_uniform" and name not in sweep.argument_names
        }
        return [
            problem
            for name, parameter in quantised.items()
            for problem in end_problems(name, parameter, ("parameters", name))
        ]

    def notices(self, sweep: "Sweep") -> list[str]:
        """Notices for the user about this search."""
        return []

    def resumed(self, sweep: "Sweep", first: Mapping[str, Any]) -> list[str]:
        """Notices for the user about a sweep that is resumed.

        Args:
            sweep: The sweep.
            first: Values of its first trial.
        """
        return []

    def count(self, sweep: "Sweep") -> int | None:
        """Number of settings; None if the sweep does not say."""
        return sweep.run_cap

    def settings(self, sweep: "Sweep") -> list[dict[str, Any]]:
        """All settings in order: values of parameters by name. Deterministic for a given sweep.

        Raises:
            InputError: If there are none, or too many.
        """
        raise NotImplementedError


class SpaceUsedUp(Exception):  # noqa: N818  not an error
    """All settings of a sweep were suggested."""


@dataclass(frozen=True)
class Evidence:
    """An ended trial of an earlier sweep.

    Attributes:
        setting: Values of the sweep's parameters by name.
        values: The sweep's metric by epoch, from 1; epochs without a finite value are left out.
        value: Its final value; None if the trial failed.
        epochs: Epochs that it ran.
        metrics: Final values of further metrics by name.
        whole: Whether a trial of this sweep with the same setting would have the same result: it
            has the sweep's seed and ran to its end.
    """

    setting: Mapping[str, Any]
    values: Mapping[int, float]
    value: float | None
    epochs: int
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    whole: bool = False


class AskTell(ABC):
    """A search that learns: it is asked for settings and told their results.

    Constructed with the sweep only. It must be deterministic: a resumed sweep replays all calls, in
    the journal's order, and continues as if it had never been interrupted. Values are those of the
    sweep's metric, not negated.
    """

    @abstractmethod
    def ask(self, trial: str) -> Mapping[str, Any] | None:
        """Returns the setting of a new trial; None if more results are needed first.

        Raises:
            SpaceUsedUp: If there is no other setting.
        """

    @property
    def independent(self) -> int:
        """Number of next settings that do not depend on further results."""
        return 0

    @abstractmethod
    def tell(self, trial: str, value: float | None) -> None:
        """Receives the final value of an ended trial; None if the trial failed."""

    def report(self, trial: str, epoch: int, value: float | None) -> None:  # noqa: B027  optional
        """Receives the value after an epoch, from 1; None if it is missing or not finite.

        A trial that was retried or resumed may report an epoch again.
        """

    def ended(  # noqa: B027  optional
        self, trial: str, state: str, metrics: Mapping[str, float | None]
    ) -> None:
        """Receives how a trial ended, just before `tell`.

        Args:
            trial: Its id.
            state: `completed`, `stopped` (by the trial scheduler), `diverged` or `failed`.
            metrics: Final values of all metrics by name.
        """

    def learn(self, evidence: Evidence) -> None:  # noqa: B027  optional
        """Receives an ended trial of an earlier sweep, before any other call."""

    def asked(self, trial: str, setting: Mapping[str, Any]) -> None:
        """Receives the setting that `ask` returned in an earlier run, by default by asking again.

        Args:
            trial: Id of the trial.
            setting: All its parameters, also those that the sweep does not set.
        """
        self.ask(trial)

    def replay(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Takes in the calls of an earlier run.

        Args:
            events: In order: `trial`, for each `ask`, with the setting in `config`; `epoch`, for
                each `report`; `told`, for each `tell`, with `state` and `metrics`.
        """
        told: set[str] = set()
        for event in events:
            trial = event["trial"]
            if event["event"] == "trial":
                self.asked(trial, event["config"])
            elif event["event"] == "epoch":
                self.report(trial, event["epoch"], event["value"])
            elif trial not in told:
                told.add(trial)
                self.ended(trial, event.get("state", ""), event.get("metrics", {}))
                self.tell(trial, event["value"])


SEARCHES: Registry[Search] = Registry("search", folder="tune_mc1.planning.search")

S = TypeVar("S", bound=type[Search])


def register_search(kind: S) -> S:
    """Class decorator that registers a search by its name."""
    SEARCHES.register(kind.name, kind())
    return kind
