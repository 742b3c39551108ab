"""Methods that can follow `sweep` on the command line, and what they add to a sweep file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic_core import PydanticKnownError

from tune_mc1.config.field_types import listed
from tune_mc1.config.search import SEARCHES
from tune_mc1.registry import Registry


@dataclass(frozen=True)
class SweepCommand:
    """A method that can follow `sweep` on the command line.

    Attributes:
        method: Name of the search.
        early_terminate: Default for a file without `early_terminate`.
        notice: Notice for the user if that default is used; `{first}` stands for its
            first rungs.
        first_rung: Part of the epochs of the longest trial that the first rung is, such as 9 for a
            ninth; 0 for the rung that the default names. Sweeps that this default does not fit go
            without early termination.
        screening: Part of the first rung's epoch at which there is a rung for screening, if that is
            an epoch; 0 for none.
    """

    method: str
    early_terminate: Mapping[str, Any] | None = None
    notice: str = ""
    first_rung: int = 0
    screening: int = 0


COMMANDS: Registry[SweepCommand] = Registry("command")
"""Commands that mean more than the search of the same name, and those listed first in the help."""

COMMANDS.register("grid", SweepCommand("grid"))
COMMANDS.register("random", SweepCommand("random"))
COMMANDS.register(
    "asha",
    SweepCommand(
        "random",
        {"type": "asha", "min_iter": 1, "eta": 2},
        "early_terminate: not in the file; using min_iter 1 (Ray: grace_period) and eta 2 "
        "(Ray: reduction_factor)",
    ),
)
COMMANDS.register(
    "bayes",
    SweepCommand(
        "bayes",
        {"type": "asha_promote", "eta": 2},
        "early_terminate: not in the file; using asha_promote with {first} and eta 2; "
        "early_terminate: null trains every setting to its end",
        first_rung=9,
        screening=3,
    ),
)


def sweep_commands() -> dict[str, SweepCommand]:
    """All commands: those in `COMMANDS`, then one for each further search."""
    others = {name: SweepCommand(name) for name in SEARCHES if name not in COMMANDS}
    return dict(COMMANDS) | others


def keys_with_defaults(method: str | None) -> tuple[str, ...]:
    """Keys that mean a default of the command, if a file of this method leaves them out.

    In such a file the absence of the value is written out, as null.
    """
    command = COMMANDS.get(method or "")
    if command is None or command.early_terminate is None:
        return ()
    return ("early_terminate",)


def _known(value: Any) -> str:
    methods = list(dict.fromkeys(command.method for command in sweep_commands().values()))
    if isinstance(value, str) and value in methods:
        return value
    raise PydanticKnownError("literal_error", {"expected": listed(methods)})


Method = Annotated[str, PlainValidator(_known)]
"""Name of a search."""
