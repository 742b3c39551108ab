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
from tune_mc1.terminal.ranked_tables import seconds_of


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
    reasons = _reasons(where, tables, trials, notify)
    for trial in trials:
        _print_trial(where, tables, tables.trials[trial], reasons.get(trial), console)


def _reasons(
    where: ResultDir, tables: SweepTables, trials: Sequence[str], notify: Callable[[str], None]
) -> dict[str, str]:
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


def _print_trial(
    where: ResultDir, tables: SweepTables, row: Row, reason: str | None, console: Console
) -> None:
    unit = "iteration" if tables.of_program else "epoch"
    facts: list[tuple[str, str]] = []
    state = f"{row['state']} at {unit} {row['epochs_run']}"
    facts.append(("trial", row["trial"]))
    facts.append(("state", f"{state}: {reason}" if reason else state))
    if note := notes(tables).get(row["trial"]):
        facts.append(("note", note))
    if row["trial"] in pinned(tables):
        facts.append(("pinned", "yes"))
    if row["error"]:
        facts.append(("error", row["error"]))
    score = tables.score(row)
    if score is not None:
        best = metric_text(score, of_program=tables.of_program)
        facts.append((f"best {tables.metric}", f"{best} at {unit} {row['best_epoch']}"))
    if copies := copies_of(tables, row["trial"]):
        text = "; ".join(f"from {source} after epoch {epoch}" for epoch, source in copies)
        facts.append(("copied", text))
    facts.append(("time", duration(seconds_of(tables, row))))
    own = tables.columns.own_names
    for name in tables.columns.parameters:
        facts.append((own.get(name, name), typed(row[name])))
    if row["log"]:
        facts.append(("log", where.shown(where.root / row["log"])))
    width = max(len(name) for name, _ in facts)
    for name, text in facts:  # a table would break a path where the terminal ends
        console.print(f"{name:<{width}}  {text}", highlight=False, markup=False, soft_wrap=True)
    _print_history(tables, row, unit, console)


def _print_history(tables: SweepTables, row: Row, unit: str, console: Console) -> None:
    epochs = [tables.history.get((row["trial"], e)) for e in range(1, row["epochs_run"] + 1)]
    shown = [entry for entry in epochs if entry is not None]
    columns = [Column(unit, [str(entry["epoch"]) for entry in shown])]
    for name in getattr(tables.columns, "changing", ()):
        columns.append(Column(name, [typed(entry.get(name)) for entry in shown]))
    for name in tables.columns.metrics(tables.metric):
        values = [metric_text(e.get(name), of_program=tables.of_program) for e in shown]
        columns.append(Column(name, values, 0 if name == tables.metric else 1))
    print_fitted(columns, console, "history.parquet")
