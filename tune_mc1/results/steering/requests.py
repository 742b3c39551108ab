"""What can be asked of a running sweep, and what it answers.

Imports neither pyarrow nor Ray.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal

from tune_mc1.errors import InputError

MOST_MORE = 100_000
"""Maximum number of settings that are added at once."""

ENDED_LINE = "its trials have ended; more can be added by `sweep METHOD --resume DIR -n N`"
"""Answer to a request that comes too late."""

LONGEST_NOTE = 2_000
"""Maximum number of characters of a note."""


@dataclass(frozen=True)
class StopTrials:
    """Stop trials: those that run with the epoch that they are in, others at once.

    A trial keeps its rows and its checkpoints. Its state is `stopped`.

    Attributes:
        trials: Their ids.
    """

    ask: ClassVar[str] = "stop_trials"
    trials: tuple[str, ...]

    def check(self) -> None:
        """Raises InputError if no trial is named."""
        if not self.trials:
            raise InputError("stop: must name trials, such as t0003")


@dataclass(frozen=True)
class StopSweep:
    """Stop the sweep as Ctrl-C does: what its trials have is kept, and it can be resumed."""

    ask: ClassVar[str] = "stop_sweep"

    def check(self) -> None:
        """Always valid."""


@dataclass(frozen=True)
class Resize:
    """Change how many trials run at a time. Trials that run go on to their end.

    Attributes:
        max_concurrent: Maximum number of concurrent trials, at least 1.
    """

    ask: ClassVar[str] = "resize"
    max_concurrent: int

    def check(self) -> None:
        """Raises InputError if the number is not positive."""
        if self.max_concurrent < 1:
            raise InputError(f"max_concurrent: must be at least 1, got {self.max_concurrent}")


@dataclass(frozen=True)
class Add:
    """Add settings to a random or Bayesian search, as `--resume DIR -n N` does.

    Attributes:
        more: Number of settings; each has its replicates and folds.
    """

    ask: ClassVar[str] = "add"
    more: int

    def check(self) -> None:
        """Raises InputError if the number is not in [1, `MOST_MORE`]."""
        if not 1 <= self.more <= MOST_MORE:
            raise InputError(f"more: must be from 1 to {MOST_MORE}, got {self.more}")


@dataclass(frozen=True)
class Pin:
    """Pin a trial, or take the pin off again.

    Attributes:
        trial: Its id.
        pinned: Whether it is pinned from now on.
    """

    ask: ClassVar[str] = "pin"
    trial: str
    pinned: bool = True

    def check(self) -> None:
        """Always valid."""


@dataclass(frozen=True)
class Note:
    """Write a note on a trial, in place of the one it has.

    Attributes:
        trial: Its id.
        text: The note, plain text; an empty one removes it.
    """

    ask: ClassVar[str] = "note"
    trial: str
    text: str

    def check(self) -> None:
        """Raises InputError if the note is too long."""
        if len(self.text) > LONGEST_NOTE:
            rule = f"must have at most {LONGEST_NOTE} characters, got {len(self.text)}"
            raise InputError(f"note: {rule}")


Request = StopTrials | StopSweep | Resize | Add | Pin | Note

KINDS: Mapping[str, type[Request]] = {
    kind.ask: kind for kind in (StopTrials, StopSweep, Resize, Add, Pin, Note)
}
"""Requests by their names in files and events."""


@dataclass(frozen=True)
class Answer:
    """What became of a request.

    Attributes:
        state: `accepted`, `refused`, or `waiting` if the sweep has not answered yet: the request
            stays in place, and is taken up when the sweep gets to it.
        line: What happens now, or why not, in one line.
    """

    state: Literal["accepted", "refused", "waiting"]
    line: str

    @property
    def accepted(self) -> bool:
        """Whether the sweep does what it was asked for."""
        return self.state == "accepted"


def to_data(request: Request) -> dict[str, Any]:
    """A request as plain data, for a file of JSON."""
    return {"ask": request.ask, **asdict(request)}


def from_data(data: Any) -> Request:
    """The request that plain data describes, checked.

    Args:
        data: The content of a file of JSON: `ask`, and the fields of the request.

    Raises:
        InputError: If it is not a valid request.
    """
    kind = KINDS.get(str(data.get("ask"))) if isinstance(data, Mapping) else None
    if kind is None:
        raise InputError(f"request: ask must be one of {', '.join(KINDS)}")
    values: dict[str, Any] = {}
    for field in fields(kind):
        value = data.get(field.name, getattr(kind, field.name, None))
        values[field.name] = _checked(f"{kind.ask}.{field.name}", field.type, value)
    request = kind(**values)
    request.check()
    return request


_TYPES: Mapping[Any, tuple[type, str]] = {
    int: (int, "a whole number"),
    bool: (bool, "true or false"),
    str: (str, "text"),
}


def _checked(name: str, kind: Any, value: Any) -> Any:
    if kind == tuple[str, ...]:
        if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
            return tuple(dict.fromkeys(value))
        raise InputError(f"{name}: must be a list of ids, got {value!r}")
    wanted, words = _TYPES[kind]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise InputError(f"{name}: must be {words}, got {value!r}")
    return value
