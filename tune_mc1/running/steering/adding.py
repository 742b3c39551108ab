"""Adding settings to a search while it runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError, StorageError
from tune_mc1.files import replacing
from tune_mc1.planning.growth import regrown
from tune_mc1.planning.search_space import MAX_TRIALS
from tune_mc1.results.events import trial_event
from tune_mc1.results.head import grow_event, sweep_text
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.search.learning import LearningTrials
from tune_mc1.running.steering.running_search import RunningSearch
from tune_mc1.running.sweep_run import SweepRun


@dataclass(frozen=True)
class Added:
    """A sweep that has grown.

    Attributes:
        sweep: The sweep as it is now.
        trials: Its new trials; none of a search that learns, which suggests them later.
        settings: Number of new settings.
    """

    sweep: Sweep
    trials: Sequence[AnyTrial]
    settings: int


def grown(run: SweepRun, known: Sequence[AnyTrial], more: int) -> Added:
    """A sweep with more settings.

    Args:
        run: The sweep as it is.
        known: All trials planned so far.
        more: Number of settings.

    Raises:
        InputError: If the search cannot have more.
    """
    sweep = run.sweep
    if sweep.adapter is None and not sweep.search.sampled:
        rule = "give it more values instead, once it has ended (--set, --resume)"
        raise InputError(f"{sweep.search.name} runs every setting of its file; {rule}")
    if sweep.run_cap is None:
        raise InputError("the sweep has no run_cap: it goes on until it is stopped")
    early = sweep.early_terminate
    if early is not None and early.changes(sweep):
        rule = "exchanges settings between its trials, so that their number is fixed"
        raise InputError(f"{early.type} {rule}")
    cap = sweep.run_cap + more
    if cap * sweep.replicates > MAX_TRIALS:
        raise InputError(f"more: the sweep would have more than {MAX_TRIALS} trials, got {more}")
    now = sweep.model_copy(update={"run_cap": cap})
    if sweep.adapter is not None:
        return Added(now, (), more)
    trials, _ = regrown(now, known, (), "add")
    before = {trial.id for trial in known}
    new = [trial for trial in trials if trial.id not in before]
    if not new:
        raise InputError("there is no further setting: all that the file allows are planned")
    return Added(now, new, len({trial.config_hash for trial in new}))


def add(
    added: Added, request: str, run: SweepRun, running: RunningSearch, writer: ResultWriter
) -> SweepRun:
    """Adds settings, of which the journal is told first.

    Args:
        added: The sweep with them.
        request: Id of the request.
        run: The sweep as it was.
        running: Its search.
        writer: Records it.

    Returns:
        The sweep as it is now.

    Raises:
        InputError: If the sweep ends, or its search cannot be asked for more.
    """
    if running.end.reason is not None:
        raise InputError(f"the sweep ends: {running.end.reason}")
    if isinstance(running.source, LearningTrials) and running.source.used_up:
        raise InputError("there is no further setting: the search has tried all")
    if not running.reopen():
        raise InputError("this version of Ray does not let a search grow; use --resume DIR -n N")
    change = f"run_cap: was {run.sweep.run_cap}, is {added.sweep.run_cap}"
    grow = grow_event(added.sweep, run.data, writer.tables.metadata, [change])
    writer.write({**grow, "request": request}, *map(trial_event, added.trials))
    _write_file(run, added.sweep)
    now = replace(run, sweep=added.sweep, trials=[*run.trials, *added.trials])
    running.end.add(added.settings)
    if isinstance(running.source, LearningTrials):
        running.source.add(added.settings)
        return now
    running.source.add(running.groups(added.trials))
    return now


def _write_file(run: SweepRun, sweep: Sweep) -> None:
    """Writes `sweep.yaml` anew; the journal has it, should that fail."""
    try:
        with replacing(run.where.sweep_file) as aside:
            aside.write_text(sweep_text(sweep, run.data), encoding="utf-8")
    except OSError as error:
        raise StorageError.of(run.where.sweep_file, error) from None
