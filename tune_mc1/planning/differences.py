"""Differences between a sweep as it was run and as it is to be resumed."""

from collections.abc import Iterator, Mapping
from typing import Any

from tune_mc1.config.lr_schedules import CONSTANT, counts_epochs
from tune_mc1.config.parameters import Constant, listed_values
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import TrialConfig

MAY_DIFFER = (
    *("keep_checkpoints", "resources", "max_failures", "trial_timeout", "storage", "name", "data"),
    *("description", "reference", "scale", "tracker", "directory", "requirements", "import_from"),
)
"""Fields that do not affect a trial's numbers. Images are compared by their fingerprint instead."""

MAY_GROW = ("run_cap", "replicates", "parameters", "paths", "candidates")
"""Fields that say which trials a sweep has."""

MAY_MOVE = ("budget", "metric.target")
"""Fields that say when a sweep ends."""


def differences(before: Sweep, now: Sweep) -> Iterator[str]:
    """Finds the fields in which a resumed sweep differs though it must not.

    Args:
        before: The sweep as it was started.
        now: The sweep as it is to be resumed.

    Yields:
        Lines `path.to.field: was X, is Y`.
    """
    was, is_now = same_epochs(before), same_epochs(now)
    early = now.early_terminate
    if was is not None and is_now is not None:
        if is_now < was:
            yield f"parameters.epochs: was {was}, is {is_now}; it can only be increased"
        if is_now > was and early is not None and early.fixes_epochs:
            yield f"parameters.epochs: was {was}, is {is_now}; {early.fixes_epochs}"
        if is_now > was and _rates_vary(now):
            rule = f"a learning-rate schedule other than {CONSTANT} depends on it"
            rule += " (schedule_epochs keeps it as it began)"
            yield f"parameters.epochs: was {was}, is {is_now}; {rule}"
    elif early is not None and now.longest_epochs != before.longest_epochs:
        rule = "" if now.longest_epochs > before.longest_epochs else "it can only be increased"
        if rule := rule or early.fixes_epochs or "":
            longest = f"its maximum was {before.longest_epochs}, is {now.longest_epochs}"
            yield f"parameters.epochs: {longest}; {rule}"
    fixed = now.search.learns and not now.search.adopts
    exchanged = early is not None and early.changes(now)
    for name, line in _changes(before, now):
        if not _is_growth(name):
            yield line
        elif fixed and name.partition(".")[0] in MAY_GROW and name != "run_cap":
            yield f"{line}; method {now.search.name} learns, so that it is fixed"
        elif exchanged and early is not None and name.partition(".")[0] in MAY_GROW:
            yield f"{line}; {early.type} exchanges settings between its trials, so that it is fixed"


def growing_changes(before: Sweep, now: Sweep) -> list[str]:
    """Lines `path.to.field: was X, is Y` on what trials a sweep has, and when it ends."""
    return [line for name, line in _changes(before, now) if _is_growth(name)]


def _is_growth(name: str) -> bool:
    """True for the path of a field in which a resumed sweep may differ, and its trials too."""
    return name.partition(".")[0] in (*MAY_GROW, *MAY_MOVE) or name in MAY_MOVE


def same_epochs(sweep: Sweep) -> int | None:
    """Epochs per trial; None if they differ, or if a program says itself when it ends."""
    if isinstance(sweep, ProgramSweep):
        return None
    parameter = sweep.parameters.get("epochs", Constant(value=TrialConfig().epochs))
    return int(parameter.value) if isinstance(parameter, Constant) else None


def _changes(before: Sweep, now: Sweep) -> Iterator[tuple[str, str]]:
    """The path of each field that differs, apart from the epochs of all trials, and a line."""
    old, new = (dict(_flat(_comparable(sweep))) for sweep in (before, now))
    if same_epochs(before) is not None and same_epochs(now) is not None:
        for values in (old, new):
            values.pop("parameters.epochs.value", None)
            values.pop("parameters.epochs.distribution", None)
    for name in dict.fromkeys([*old, *new]):
        if name not in old:
            yield name, f"{name}: was not set, is {new[name]!r}"
        elif name not in new:
            yield name, f"{name}: was {old[name]!r}, is not set"
        elif old[name] != new[name]:
            yield name, f"{name}: was {old[name]!r}, is {new[name]!r}"


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
