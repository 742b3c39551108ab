"""From a command and a sweep file to a plan, with every check that needs neither torch nor Ray."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.config.load import load_sweep
from tune_mc1.config.method import resolve_method
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.data.source import check_data_form, check_data_spec
from tune_mc1.errors import InputError
from tune_mc1.files import shipped, utf8
from tune_mc1.planning.flags import NO_FLAGS, PlanFlags
from tune_mc1.planning.fusion import alone_notices
from tune_mc1.planning.search_space import plan_trials

if TYPE_CHECKING:
    from tune_mc1.planning.past import Past


@dataclass(frozen=True)
class Plan:
    """A sweep that is ready to start.

    Attributes:
        command: The search that the user asked for.
        sweep: The validated sweep, its method resolved.
        trials: Its trials in order; of a search that learns, those made so far.
        notices: What the user should know.
        directory: The result directory of a sweep that goes on; None for a new one.
        past: What a sweep that goes on did before.
        flags: The flags that it was made with.
    """

    command: str
    sweep: Sweep
    trials: list[Trial]
    notices: list[str] = field(default_factory=list)
    directory: Path | None = None
    past: "Past | None" = None
    flags: PlanFlags = NO_FLAGS

    @property
    def total(self) -> int:
        """Number of trials."""
        return (self.sweep.run_cap or 0) if self.sweep.search.learns else len(self.trials)


def shipped_file(command: str) -> Path:
    """The sweep file that runs where the user names none: `configs/<command>.yaml`.

    Raises:
        InputError: If none is shipped for the command.
    """
    if file := shipped(f"{command}.yaml"):
        return file
    raise InputError(f"sweep {command}: name a sweep file; none is shipped for {command}")


def prepare(
    command: str | None,
    file: Path | None,
    flags: PlanFlags = NO_FLAGS,
    *,
    change: Callable[[Sweep], Sweep] = lambda sweep: sweep,
    elsewhere: bool = False,
) -> Plan:
    """Reads and checks everything that can be checked before anything starts.

    Args:
        command: The search that the user asks for; None takes the file's `method`.
        file: A sweep file, or None for the shipped one of the command.
        flags: Flags that change what the file says.
        change: Further change of the sweep.
        elsewhere: Whether it is to run on another machine, whose files cannot be looked at here.

    Raises:
        InputError: With all mistakes.
    """
    path = file or shipped_file(command or "grid")
    loaded = load_sweep(path, overrides=flags.overrides)
    flagged = change(flags.apply(loaded.sweep))
    word = command or flagged.method or "grid"
    sweep, notices = resolve_method(flagged, word, source=str(path))
    field = "--data" if "data" in flags.values else f"{path}: data"
    source = checked_data(sweep.data, field, elsewhere=elsewhere)
    sweep = sweep.model_copy(update={"data": source, "name": sweep.name or utf8(path.stem)})
    trials = plan_trials(sweep, source=str(path))
    alone = alone_notices(trials, sweep.fuse)
    return Plan(word, sweep, trials, [*loaded.notices, *notices, *alone], flags=flags)


def checked_data(data: str, field: str, *, elsewhere: bool = False) -> str:
    """The name of a data set, or its path, if it can be used as far as can be told cheaply.

    Args:
        data: What the user wrote.
        field: Where, for the message.
        elsewhere: Whether it is to be read on another machine.

    Raises:
        InputError: If it cannot be used.
    """
    problem = check_data_form(data) if elsewhere else check_data_spec(data)
    if problem:
        raise InputError(f"{field}: {problem}")
    return data
