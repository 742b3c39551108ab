"""Plans: from a command and a sweep file, with all checks that need neither torch nor Ray."""

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
from tune_mc1.planning.fusion import unfused_notices
from tune_mc1.planning.search_space import plan_trials

if TYPE_CHECKING:
    from tune_mc1.planning.past import Past


@dataclass(frozen=True)
class Plan:
    """A sweep that is ready to start.

    Attributes:
        command: The method on the command line.
        sweep: The validated sweep, with its method resolved.
        trials: Its trials in order; for a search that learns, those suggested so far.
        notices: Notices for the user.
        directory: Result directory of a resumed sweep; None for a new one.
        past: Earlier progress of a resumed sweep.
        flags: The flags with which it was made.
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
    """The default sweep file of a command: `configs/<command>.yaml`.

    Raises:
        InputError: If the command has none.
    """
    if file := shipped(f"{command}.yaml"):
        return file
    raise InputError(f"sweep {command}: needs a sweep file; {command} has no default one")


def prepare(
    command: str | None,
    file: Path | None,
    flags: PlanFlags = NO_FLAGS,
    *,
    change: Callable[[Sweep], Sweep] = lambda sweep: sweep,
    elsewhere: bool = False,
) -> Plan:
    """Reads a sweep file and checks everything that can be checked before anything starts.

    Args:
        command: The method on the command line; None uses the file's `method`.
        file: A sweep file, or None for the command's default one.
        flags: Flags that override the file.
        change: Applies further changes to the sweep.
        elsewhere: Whether it will run on another machine, whose files cannot be checked here.

    Raises:
        InputError: If the sweep is not valid; with one line per mistake.
    """
    path = file or shipped_file(command or "grid")
    loaded = load_sweep(path, overrides=flags.overrides)
    flagged = change(flags.apply(loaded.sweep))
    method = command or flagged.method or "grid"
    sweep, notices = resolve_method(flagged, method, source=str(path))
    field = "--data" if "data" in flags.values else f"{path}: data"
    source = checked_data(sweep.data, field, elsewhere=elsewhere)
    sweep = sweep.model_copy(update={"data": source, "name": sweep.name or utf8(path.stem)})
    trials = plan_trials(sweep, source=str(path))
    unfused = unfused_notices(trials, sweep.fuse)
    return Plan(method, sweep, trials, [*loaded.notices, *notices, *unfused], flags=flags)


def checked_data(data: str, field: str, *, elsewhere: bool = False) -> str:
    """Returns the name or path of a data set after a quick check that it can be used.

    Args:
        data: The user's input.
        field: Its origin, for messages.
        elsewhere: Whether it will be read on another machine.

    Raises:
        InputError: If it cannot be used.
    """
    problem = check_data_form(data) if elsewhere else check_data_spec(data)
    if problem:
        raise InputError(f"{field}: {problem}")
    return data
