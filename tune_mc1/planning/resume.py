"""Resuming a sweep: permitted differences, and the trials that remain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tune_mc1.config.fields import coerce
from tune_mc1.config.load import load_sweep
from tune_mc1.config.lr_schedules import CONSTANT, counts_epochs
from tune_mc1.config.parameters import Constant, listed_values
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.source import fixed_source
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import NO_FLAGS, PlanFlags
from tune_mc1.planning.past import Past, read_past
from tune_mc1.planning.plan import Plan, prepare
from tune_mc1.results.store.local_copy import resumable

MAY_DIFFER = (
    *("keep_checkpoints", "resources", "max_failures", "trial_timeout", "storage", "name", "data"),
    *("description", "reference", "scale", "tracker", "directory", "requirements", "import_from"),
)
"""Fields that do not affect a trial's numbers. Images are compared by their fingerprint instead."""


def prepare_resume(
    command: str,
    file: Path | None,
    directory: Path,
    *,
    epochs: int | None = None,
    flags: PlanFlags = NO_FLAGS,
) -> Plan:
    """Reads a sweep and checks everything that can be checked before it is resumed.

    Args:
        command: The method on the command line.
        file: The sweep file, or None for the one in the directory.
        directory: The result directory, or its URL in an object store.
        epochs: Epochs per trial, at least as many as before; None keeps the number.
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
    before = load_sweep(where.sweep_file).sweep
    source = file or where.sweep_file
    same = {} if past.tables.of_program else {"data": _same_data(past)}
    moved: list[str] = []
    plan = prepare(
        command,
        source,
        flags.with_defaults(**same),
        change=lambda sweep: _where_it_is(sweep, moved, own_file=file is not None),
    )
    now = plan.sweep.model_copy(update={"name": before.name})
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
    past.scheduler(now)  # checks that its decisions can be read
    trials = _trials(plan, past, now)
    _check_checkpoints(past, trials, "--epochs" if epochs else f"{source}: parameters.epochs")
    resumed = Plan(command, now, trials, plan.notices, where.root, past, flags, str(source))
    remaining = resumed.total - len(trials) + len(past.remaining(trials))
    total = resumed.total or len(trials)
    left = remaining if resumed.total else len(past.remaining(trials))
    paused = len(past.waiting)
    notice = f"{total - left - paused} of {total} trials have already ended"
    notice += f", {paused} pause" if paused else ""
    return replace(resumed, notices=[*plan.notices, *moved, notice])


def _check_checkpoints(past: Past, trials: Sequence[AnyTrial], field: str) -> None:
    """Raises InputError if a trial would train longer whose checkpoints were removed."""
    gone = [t.id for t in past.remaining(trials) if t.id in past.removed]
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
    if _epochs(sweep) is None:
        raise InputError("--epochs: requires a sweep whose trials all have the same epochs")
    value = coerce("epochs", epochs)
    return sweep.model_copy(
        update={"parameters": {**sweep.parameters, "epochs": Constant(value=value)}}
    )


def _epochs(sweep: Sweep) -> int | None:
    """Epochs per trial; None if they differ."""
    parameter = sweep.parameters.get("epochs", Constant(value=TrialConfig().epochs))
    return int(parameter.value) if isinstance(parameter, Constant) else None


def differences(before: Sweep, now: Sweep) -> Iterator[str]:
    """Finds the fields in which a resumed sweep differs, apart from an increase in epochs.

    Args:
        before: The sweep as it was started.
        now: The sweep as it is to be resumed.

    Yields:
        Lines `path.to.field: was X, is Y`.
    """
    old, new = (dict(_flat(_comparable(sweep))) for sweep in (before, now))
    program = isinstance(now, ProgramSweep)
    was, is_now = (None, None) if program else (_epochs(before), _epochs(now))
    if was is not None and is_now is not None:
        for values in (old, new):
            values.pop("parameters.epochs.value", None)
        if is_now < was:
            yield f"parameters.epochs: was {was}, is {is_now}; it can only be increased"
        early = now.early_terminate
        if is_now > was and early is not None and early.fixes_epochs:
            yield f"parameters.epochs: was {was}, is {is_now}; {early.fixes_epochs}"
        if is_now > was and _rates_vary(now):
            rule = f"a learning-rate schedule other than {CONSTANT} depends on it"
            rule += " (schedule_epochs keeps it as it began)"
            yield f"parameters.epochs: was {was}, is {is_now}; {rule}"
    for name in dict.fromkeys([*old, *new]):
        if name not in old:
            yield f"{name}: was not set, is {new[name]!r}"
        elif name not in new:
            yield f"{name}: was {old[name]!r}, is not set"
        elif old[name] != new[name]:
            yield f"{name}: was {old[name]!r}, is {new[name]!r}"


def _rates_vary(sweep: Sweep) -> bool:
    """True if learning rates would be others with more epochs."""
    lengths = listed_values(sweep.parameters.get("schedule_epochs")) or (None,)
    if None not in lengths:
        return False
    names = listed_values(sweep.parameters.get("lr_schedule"))
    return not all(counts_epochs(name) for name in names)


def _comparable(sweep: Sweep) -> dict[str, Any]:
    return sweep.model_dump(mode="json", exclude_none=True, exclude=set(MAY_DIFFER))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _trials(plan: Plan, past: Past, now: Sweep) -> list[AnyTrial]:
    """The trials in the journal, with the new number of epochs.

    If the journal does not contain all of them, the others are planned again, with the same result.
    """
    epochs = None if isinstance(now, ProgramSweep) else _epochs(now)
    known = [
        trial.model_copy(update={"config": trial.config.model_copy(update={"epochs": epochs})})
        if epochs is not None and isinstance(trial, Trial)
        else trial
        for trial in past.trials
    ]
    return [*known, *plan.trials[len(known) :]]
