"""Kinds of search, which a sweep file's `method` names: base class and registry.

Each kind is a file in `tune_mc1.planning.search`, or a module of another package.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import PlainValidator
from pydantic_core import PydanticKnownError

from tune_mc1.config.field_types import listed
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.config.problems import Problem
    from tune_mc1.config.sweep import Sweep


class Search:
    """How a sweep chooses its settings.

    A search either plans all settings beforehand (`settings`), or learns: then `adapter` names the
    class that makes settings as results come in.

    Attributes:
        name: The word for it in sweep files and on the command line.
        adapter: Path `package.module:Class` of an `AskTell`, made with the sweep; None for a search
            that plans beforehand. It is imported where the sweep runs, and nowhere else.
        needs_run_cap: Whether `run_cap` says how many settings there are.
        sampled: Whether settings are drawn, so that statistics compare groups without pairs.
    """

    name: ClassVar[str]
    adapter: ClassVar[str | None] = None
    needs_run_cap: ClassVar[bool] = True
    sampled: ClassVar[bool] = True

    @property
    def learns(self) -> bool:
        """Whether settings depend on results, so that none is known beforehand."""
        return self.adapter is not None

    def problems(self, sweep: "Sweep") -> "list[Problem]":
        """What the sweep has that this search cannot work with."""
        return []

    def notices(self, sweep: "Sweep") -> list[str]:
        """What the user should know of this search."""
        return []

    def count(self, sweep: "Sweep") -> int | None:
        """Number of settings; None if the sweep does not say."""
        return sweep.run_cap

    def settings(self, sweep: "Sweep") -> list[dict[str, Any]]:
        """All settings in order: values of parameters by name. Equal sweeps give equal settings.

        Raises:
            InputError: If there are none, or too many.
        """
        raise NotImplementedError


class AskTell(ABC):
    """A search that learns: it is asked for settings, and told how they did.

    Made with the sweep alone. It must be deterministic: a sweep that goes on replays what was asked
    and told, and continues as if it had never stopped.
    """

    @abstractmethod
    def ask(self, trial: str) -> Mapping[str, Any] | None:
        """The setting of a new trial; None if it has to be told more first."""

    @abstractmethod
    def tell(self, trial: str, value: float | None) -> None:
        """Takes the last value of the sweep's metric of a trial that ended; None if it failed."""

    def replay(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Takes in what an earlier run asked (events `trial`) and told (`told`), in order."""
        told: set[str] = set()
        for event in events:
            trial = event["trial"]
            if event["event"] == "trial":
                self.ask(trial)
            elif trial not in told:
                told.add(trial)
                self.tell(trial, event["value"])


SEARCHES: Registry[Search] = Registry("search", folder="tune_mc1.planning.search")

S = TypeVar("S", bound=type[Search])


def register_search(kind: S) -> S:
    """Registers a search by its name; a decorator of its class."""
    SEARCHES.register(kind.name, kind())
    return kind


@dataclass(frozen=True)
class Word:
    """A word after `sweep` on the command line.

    Attributes:
        method: The search that it stands for.
        early_terminate: What it puts in place of a file's missing `early_terminate`.
        notice: What the user is told then.
    """

    method: str
    early_terminate: Mapping[str, Any] | None = None
    notice: str = ""


WORDS: Registry[Word] = Registry("command")
"""Words that mean more than the search of their name, and the first ones of the help, in order."""

WORDS.register("grid", Word("grid"))
WORDS.register("random", Word("random"))
WORDS.register(
    "asha",
    Word(
        "random",
        {"type": "asha", "min_iter": 1, "eta": 3},
        "early_terminate: not in the file, so min_iter 1 (Ray: grace_period) and eta 3 "
        "(Ray: reduction_factor) are taken",
    ),
)
WORDS.register("bayes", Word("bayes"))


def words() -> dict[str, Word]:
    """All words that a command takes: those of `WORDS`, then the names of further searches."""
    return dict(WORDS) | {name: Word(name) for name in SEARCHES if name not in WORDS}


def _known(value: Any) -> str:
    methods = list(dict.fromkeys(word.method for word in words().values()))
    if isinstance(value, str) and value in methods:
        return value
    raise PydanticKnownError("literal_error", {"expected": listed(methods)})


Method = Annotated[str, PlainValidator(_known)]
"""Name of a search."""
