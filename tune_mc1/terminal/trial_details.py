"""One trial of a past sweep in the terminal: its setting, its epochs, and why it ended."""

from collections.abc import Callable, Sequence

from rich.console import Console

from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.planning.stop_reasons import stop_reasons
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.exchanges import copies_of
from tune_mc1.results.schema import Row
from tune_mc1.results.steering.marks import notes, pinned
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.written_sweep import written_sweep
from tune_mc1.terminal.fitting import Column, print_fitted
from tune_mc1.terminal.formatting import duration, metric_text, typed
from tune_mc1.terminal.ranked_tables import metric_name, seconds_of


def print_trials(
    where: ResultDir,
    tables: SweepTables,
    trials: Sequence[str],
    console: Console,
    notify: Callable[[str], None],
) -> None:
    """Prints trials one after the other.

    Args:
        where: The result directory.
        tables: Its tables.
        trials: Their ids.
        console: Where to print.
        notify: Called with the reason why it is not known why trials were stopped.

    Raises:
        InputError: If the sweep has no such trial.
    """
    check_trials(where, tables, trials)
    reasons = known_reasons(where, tables, trials, notify)
    for place, trial in enumerate(trials):
        console.print("\n" if place else "", end="")
        _print_trial(where, tables, tables.trials[trial], reasons.get(trial), console)


def known_reasons(
    where: ResultDir, tables: SweepTables, trials: Sequence[str], notify: Callable[[str], None]
) -> dict[str, str]:
    """Why trials were stopped, by id, as far as it is known.

    Args:
        where: The result directory.
        tables: Its tables.
        trials: Ids of the trials that are asked for.
        notify: Called with what keeps it from being known.
    """
    if not where.sweep_file.exists():
        return {}
    try:
        return stop_reasons(where, written_sweep(where))
    except InputError as error:  # the rest of the results is there
        if any(tables.trials[trial]["state"] in ("stopped", "paused") for trial in trials):
            notify(f"Why trials were stopped is not known here: {error.problems[0]}")
        return {}


def check_trials(where: ResultDir, tables: SweepTables, trials: Sequence[str]) -> None:
    """Raises InputError if a sweep lacks one of these trials."""
    for trial in trials:
        if trial not in tables.trials:
            known = list(tables.trials)
            raise InputError(f"{where.root}: has no trial {trial!r}{did_you_mean(trial, known)}")


def trial_facts(
    where: ResultDir, tables: SweepTables, row: Row, reason: str | None
) -> list[tuple[str, str]]:
    """What is known of a trial beside its parameters: names and texts.

    Args:
        where: The result directory.
        tables: Its tables.
        row: The trial's row.
        reason: Why it was stopped, if it is known.
    """
    unit, trial = unit_of(tables), row["trial"]
    state = f"{row['state']} at {unit} {row['epochs_run']}" if row["epochs_run"] else row["state"]
    facts = [("state", f"{state}: {reason}" if reason else state)]
    if note := notes(tables).get(trial):
        facts.append(("note", note))
    if trial in pinned(tables):
        facts.append(("pinned", "yes"))
    if row["error"]:
        facts.append(("error", row["error"]))
    score = tables.score(row)
    if score is not None:
        best = metric_text(score, of_program=tables.of_program)
        facts.append((f"best {metric_name(tables)}", f"{best} at {unit} {row['best_epoch']}"))
    for name in tables.columns.tests:
        if row.get(name) is not None:
            facts.append((name, metric_text(row[name], of_program=tables.of_program)))
    if copies := copies_of(tables, trial):
        text = "; ".join(f"from {source} after epoch {epoch}" for epoch, source in copies)
        facts.append(("copied", text))
    facts.append(("time", duration(seconds_of(tables, row))))
    if row["log"]:
        facts.append(("log", where.shown(where.root / row["log"])))
    return facts


def trial_setting(tables: SweepTables, row: Row) -> list[tuple[str, str]]:
    """A trial's parameters: their own names, and values that can be typed back."""
    columns, own = tables.columns, tables.columns.own_names
    return [(own.get(n, n), typed(columns, row, n)) for n in columns.parameters]


def epoch_columns(tables: SweepTables, row: Row) -> list[Column]:
    """The columns of a trial's epochs, or iterations of a program."""
    epochs = [tables.history.get((row["trial"], e)) for e in range(1, row["epochs_run"] + 1)]
    shown = [entry for entry in epochs if entry is not None]
    columns = [Column(unit_of(tables), [str(entry["epoch"]) for entry in shown])]
    for name in getattr(tables.columns, "changing", ()):
        columns.append(Column(name, [typed(tables.columns, entry, name) for entry in shown]))
    for name in tables.columns.metrics(tables.metric):
        values = [metric_text(e.get(name), of_program=tables.of_program) for e in shown]
        columns.append(Column(name, values, 0 if name == tables.metric else 1))
    return columns


def unit_of(tables: SweepTables) -> str:
    """What a row of the history is."""
    return "iteration" if tables.of_program else "epoch"


def _print_trial(
    where: ResultDir, tables: SweepTables, row: Row, reason: str | None, console: Console
) -> None:
    *facts, last = [("trial", row["trial"]), *trial_facts(where, tables, row, reason)]
    setting = trial_setting(tables, row)
    facts = [*facts, *setting, last] if last[0] == "log" else [*facts, last, *setting]
    width = max(len(name) for name, _ in facts)
    for name, text in facts:  # a table would break a path where the terminal ends
        console.print(f"{name:<{width}}  {text}", highlight=False, markup=False, soft_wrap=True)
    if row["epochs_run"]:
        print_fitted(epoch_columns(tables, row), console, "history.parquet")
