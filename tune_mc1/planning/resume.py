"""Resuming a sweep: permitted differences, and the trials that remain."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tune_mc1.config.fields import coerce
from tune_mc1.config.parameters import Constant
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.data.source import fixed_source
from tune_mc1.errors import InputError
from tune_mc1.planning.differences import differences, growing_changes, same_epochs
from tune_mc1.planning.failures import with_failed_again, with_stopped
from tune_mc1.planning.flags import NO_FLAGS, PlanFlags
from tune_mc1.planning.growth import Growth, regrown, with_epochs
from tune_mc1.planning.past import Past, read_past
from tune_mc1.planning.plan import Plan, prepare
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.lost_metrics import lost_metrics
from tune_mc1.results.steering.marks import size
from tune_mc1.results.store.local_copy import resumable
from tune_mc1.results.trial_events import EndEvent
from tune_mc1.results.written_sweep import lacking, written_sweep

MOST_SHOWN = 12
"""Maximum number of trials that a notice names."""


def prepare_resume(
    command: str,
    file: Path | None,
    directory: Path,
    *,
    epochs: int | None = None,
    flags: PlanFlags = NO_FLAGS,
    retry_failed: bool = False,
    rerun: Sequence[str] = (),
) -> Plan:
    """Reads a sweep and checks everything that can be checked before it is resumed.

    Args:
        command: The method on the command line.
        file: The sweep file, or None for the one in the directory.
        directory: The result directory, or its URL in an object store.
        epochs: Epochs per trial, at least as many as before; None keeps the number.
        retry_failed: Whether all failed trials run again.
        rerun: Ids of failed or stopped trials that run again.
        flags: Flags that override the file; `--data` gives the present location of the same images.

    Returns:
        The plan, with all trials and their earlier progress.

    Raises:
        InputError: If the directory cannot be resumed, or the sweep differs.
    """
    where = resumable(directory)
    past = read_past(where)
    if not where.sweep_file.exists():
        raise InputError(f"{where.sweep_file}: is missing, so this sweep cannot be resumed")
    if lost := lost_metrics(where, past.tables):
        rule = f"has the metrics {', '.join(lost)} of a package that is not installed here"
        raise lacking(where, InputError(f"{where.root}: {rule}; a resume requires it"))
    before, kept = _as_it_was(where, past)
    source = file or where.sweep_file
    same = {} if past.tables.of_program else {"data": _same_data(past)}
    moved: list[str] = []
    plan = prepare(
        command,
        source,
        flags.with_defaults(**same),
        change=lambda sweep: _stopped_as_before(
            _where_it_is(sweep, moved, own_file=file is not None), before
        ),
        text=None if file is not None else kept,
    )
    now = _sweep_now(plan.sweep, before, epochs, source)
    trials, growth = _trials(plan, past, before, now)
    past, stopped = with_stopped(past)
    past, again, retried = with_failed_again(past, trials, everything=retry_failed, named=rerun)
    growth = replace(growth, again=(*stopped, *again))
    past.scheduler(now)  # checks that its decisions can be read
    _check_checkpoints(past, [t for t in trials if t.id in rerun], "--rerun")
    _check_checkpoints(past, trials, "--epochs" if epochs else f"{source}: parameters.epochs")
    facts = (command, now, trials, plan.notices, where.root, past, flags, str(source))
    resumed = Plan(*facts, growth=growth)
    notices = [*plan.notices, *moved, *_said(growth), *retried, *_begun(past, now, growth)]
    return replace(resumed, notices=[*notices, *_size(past), _ended(resumed, past, stopped)])


def _stopped_as_before(sweep: Sweep, before: Sweep) -> Sweep:
    """The sweep, which gets no default early termination if it was begun without."""
    if sweep.early_terminate is not None or before.early_terminate is not None:
        return sweep
    return sweep.model_copy(update={"early_terminate": None})  # as if the file said so


def _sweep_now(sweep: Sweep, before: Sweep, epochs: int | None, source: Path) -> Sweep:
    """The sweep as it goes on.

    Args:
        sweep: The one of the file and flags.
        before: The one that was run.
        epochs: As in `prepare_resume`.
        source: The file.

    Raises:
        InputError: If they differ in more than a resume allows.
    """
    now = sweep.model_copy(update={"name": before.name})
    if not isinstance(now, ProgramSweep):
        now = now.with_images(before.validation == "val")
    if epochs is not None and isinstance(now, ProgramSweep):
        raise InputError(
            f"--epochs: is for built-in training; a {now.kind} says itself when it ends"
        )
    if epochs is not None:
        now = _with_epochs(now, epochs)
    problems = list(differences(before, now))
    if problems:
        raise InputError(f"{source}: {problem}" for problem in problems)
    return now


def _begun(past: Past, now: Sweep, growth: Growth) -> Sequence[str]:
    """Notices of a search that goes on as it was begun."""
    if past.evidence or past.grown or growth.changes:
        return []
    first = past.first
    return [] if first is None else now.search.resumed(now, first.values)


def _ended(resumed: Plan, past: Past, stopped: Sequence[EndEvent]) -> str:
    """How many trials have ended, pause, or were stopped by request."""
    left = len(past.remaining(resumed.trials)) + max(0, resumed.total - len(resumed.trials))
    total, paused = resumed.total or len(resumed.trials), len(past.waiting)
    ended = f"{total - left - paused} of {total} trials have already ended"
    ended += f", {paused} pause" if paused else ""
    if stopped:
        ended += f"; stopped by request: {', '.join(event['trial'] for event in stopped)}"
    return ended


def _as_it_was(where: ResultDir, past: Past) -> tuple[Sweep, str | None]:
    """The sweep as it was last run, and its text if the directory's file is an earlier one.

    A sweep that was killed while it grew has its new form in the journal only.
    """
    found = written_sweep(where)
    if not past.grown:
        return found, None
    text = past.grown[-1]["sweep"]
    before = written_sweep(where, text)
    return before, text if growing_changes(found, before) else None


def _size(past: Past) -> list[str]:
    most = size(past.tables)
    if most is None:
        return []
    return [f"max_concurrent: {most}, as was asked for while it ran; --max-concurrent changes it"]


def _said(growth: Growth) -> list[str]:
    """Notices on what has grown, and what is outside now."""
    notices = [f"{change}: finished trials count where they fit" for change in growth.changes]
    if growth.outside:
        shown = ", ".join(growth.outside[:MOST_SHOWN])
        more = len(growth.outside) - MOST_SHOWN
        shown += f" and {more} more" if more > 0 else ""
        notices.append(f"not in the sweep any more, so they stay as they are: {shown}")
    return notices


def _check_checkpoints(past: Past, trials: Sequence[AnyTrial], field: str) -> None:
    """Raises InputError if a trial would train longer whose checkpoints were removed."""
    gone = [t.id for t in past.remaining(trials) if past.lacks_checkpoint(t.id)]
    if gone:
        shown = ", ".join(gone[:5]) + (", ..." if len(gone) > 5 else "")
        raise InputError(
            f"{field}: keep_checkpoints has removed the checkpoints that these trials would go on "
            f"from: {shown}"
        )


def _where_it_is(sweep: Sweep, notices: list[str], *, own_file: bool) -> Sweep:
    """Runs a program or module here if the sweep's directory is that of another machine."""
    if not isinstance(sweep, ProgramSweep) or own_file or Path(sweep.directory).is_dir():
        return sweep
    here = str(Path.cwd())
    notices.append(f"directory: {sweep.directory} is not here; the {sweep.kind} runs in {here}")
    places = {"import_from": (*sweep.import_from, here)} if sweep.import_from else {}
    return sweep.model_copy(update={"directory": here, **places})


def _same_data(past: Past) -> str | None:
    """The data set that `auto` was resolved to."""
    name = str(past.tables.metadata.get("data"))
    return name if fixed_source(name) is not None else None


def _with_epochs(sweep: Sweep, epochs: int) -> Sweep:
    if same_epochs(sweep) is None:
        raise InputError("--epochs: requires a sweep whose trials all have the same epochs")
    value = coerce("epochs", epochs)
    return sweep.model_copy(
        update={"parameters": {**sweep.parameters, "epochs": Constant(value=value)}}
    )


def _trials(plan: Plan, past: Past, before: Sweep, now: Sweep) -> tuple[list[AnyTrial], Growth]:
    """The trials in the journal that still count, with the new number of epochs, and new ones.

    New ones are those that the sweep has more than before, or that a torn journal lacks. Trials
    that have exchanged settings are not looked for by them.
    """
    epochs = same_epochs(now) if same_epochs(before) is not None else None
    known = with_epochs(past.trials_beside(plan.trials), epochs)
    planned = with_epochs(plan.trials, epochs)
    changes = growing_changes(before, now)
    early = now.early_terminate
    exchanges = early is not None and early.changes(now)
    if (exchanges or not (changes or past.grown)) and len(known) >= len(planned):
        return known, Growth(tuple(changes))
    trials, outside = regrown(now, known, planned, plan.source)
    return trials, Growth(tuple(changes), tuple(outside))
