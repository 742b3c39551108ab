"""Past sweeps, as tables for the terminal and as plain data for `--json`."""

import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tune_mc1.config.metrics import shown_test_metrics
from tune_mc1.errors import InputError
from tune_mc1.results.directory import BEST, ResultDir
from tune_mc1.results.growth import ENDING
from tune_mc1.results.pareto import front_of, goals_of
from tune_mc1.results.recall import class_recalls
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.results.settings import repeated, repeats, settings_of, summarize, winners
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.formatting import (
    metric_text,
    ranked_table,
    settings_ranking,
    summary_text,
    varied,
)
from tune_mc1.terminal.pareto_table import print_pareto
from tune_mc1.terminal.program_tables import program_settings, program_table

MOST_CLASSES = 20
"""Maximum number of classes whose recall is printed."""


def print_result(
    where: ResultDir,
    tables: SweepTables,
    console: Console,
    limit: int | None = 20,
    *,
    by_class: bool = False,
) -> None:
    """Prints a sweep's trials, best first, and a summary.

    Args:
        where: The result directory.
        tables: Its tables.
        console: Where to print.
        limit: Maximum number of trials; None prints all.
        by_class: Whether to print the winner's recall of each class.
    """
    rows = tables.ranked()
    if tables.of_program:
        _print_program(tables, console, limit)
    else:
        _print_training(tables, console, limit)
    if limit is not None and len(rows) > limit:
        console.print(f"... and {len(rows) - limit} more (show --limit {len(rows)})")
    print_pareto(tables, console, limit)
    facts = tables.metadata
    lines = []
    if not tables.of_program:
        lines.append(f"Data: {facts.get('data')} ({facts.get('fingerprint')})")
    lines += _best_lines(where, tables)
    lines += _recall_lines(where, tables) if by_class else ()
    if count := repeats(tables):
        trials = "1 trial has" if count == 1 else f"{count} trials have"
        seed = "and seed" if "seed" in tables.columns.parameters else "and no seed"
        lines.append(f"Repeats: {trials} the setting of another {seed}; that is no replicate")
    if reason := facts.get(ENDING):
        left = Counter(r["state"] for r in rows if r["state"] not in ENDED)
        rest = "; ".join(f"{count} {state}" for state, count in left.items()) or "no trial left"
        lines.append(f"Ended by {reason} ({rest})")
    for row in rows:
        if row["state"] == "failed":
            log = where.shown(where.root / row["log"])
            lines.append(f"Failed: {row['trial']}: {row['error']} (log: {log})")
    lines.append(f"More: python -m tune_mc1 show {shlex.quote(str(_short(where.root)))}")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _print_training(tables: SweepTables, console: Console, limit: int | None) -> None:
    rows, parameters = tables.ranked(), tables.columns.parameters
    if repeated(tables):
        console.print(settings_ranking(settings_of(tables), tables.metric, parameters, limit))
        console.print()
    console.print(ranked_table(rows, tables.metric, varied(rows, parameters), limit))


def _print_program(tables: SweepTables, console: Console, limit: int | None) -> None:
    hidden: list[str] = []
    if repeated(tables) and tables.metric:
        table, _ = program_settings(tables, settings_of(tables), limit, console.width)
        console.print(table)
        console.print()
    table, hidden = program_table(tables, tables.ranked(), limit, console.width)
    console.print(table)
    if hidden:
        text = f"No room for: {', '.join(hidden)} (a wider terminal, or show --json)"
        console.print(text, highlight=False, markup=False, soft_wrap=True)


def _best_lines(where: ResultDir, tables: SweepTables) -> list[str]:
    """Lines about the best setting: its trials, score, checkpoint and test scores."""
    best = winners(tables)
    if not best:
        return []
    score = summary_text(settings_of(tables)[0].score, of_program=tables.of_program)
    metric = tables.metadata["metric"] if tables.of_program else tables.metric
    lines = [f"Best: {', '.join(row['trial'] for row in best)}: {metric} {score}"]
    checkpoint = where.checkpoints(best[0]["trial"]) / BEST
    if tables.of_program:
        pass  # whatever it keeps is its own
    elif (shown := where.shown(checkpoint)) != str(checkpoint):
        lines.append(f"Checkpoint: {shown}")
    elif checkpoint.exists():
        lines.append(f"Checkpoint: {_short(checkpoint)}")
    return [*lines, *_test_lines(best, tables.metric)]


def _test_lines(best: Sequence[Row], metric: str) -> Iterator[str]:
    """Lines about the best setting on the test images."""
    for column in shown_test_metrics(metric):
        tested = [row[column] for row in best if row.get(column) is not None]
        if tested:
            name = "Accuracy" if column == "test_acc" else column
            yield f"{name} on the test images: {summary_text(summarize(tested))}"


def _recall_lines(where: ResultDir, tables: SweepTables) -> Iterator[str]:
    """The line about the winner's recall of each class of the test images."""
    best = [row["trial"] for row in winners(tables)]
    found = class_recalls(where, tables.metadata.get("classes") or (), best)
    if found:
        shown = ", ".join(f"{own.name} {own.recall:.3f}" for own in found[:MOST_CLASSES])
        more = len(found) - MOST_CLASSES
        rest = f", and {more} more classes (in the report)" if more > 0 else ""
        yield f"Recall by class on the test images, lowest first: {shown}{rest}"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def result_facts(tables: SweepTables) -> dict[str, Any]:
    """A sweep as plain data: its metadata, and its trials, best first.

    With several objectives also `pareto_front`, the ids of its trials.
    """
    facts = {"sweep": tables.metadata, "trials": tables.ranked()}
    if not goals_of(tables):
        return facts
    return facts | {"pareto_front": [row["trial"] for row in front_of(tables)]}


def sweep_summaries(parent: Path, notify: Callable[[str], None]) -> list[dict[str, Any]]:
    """One row per result directory within a directory, newest first.

    Args:
        parent: The directory.
        notify: Called with the problem of a result directory that cannot be read.

    Raises:
        InputError: If the directory does not exist.
    """
    if not parent.is_dir():
        raise InputError(f"{parent}: no such directory; give the directory that contains results")
    found = [ResultDir(p) for p in parent.iterdir() if (p / "sweep.yaml").exists()]
    found.sort(key=lambda where: where.sweep_file.stat().st_mtime, reverse=True)
    rows = []
    for where in found:
        try:
            rows.append(_summary(where))
        except InputError as error:
            notify(str(error))
    return rows


def _summary(where: ResultDir) -> dict[str, Any]:
    tables = where.read()
    best = next(iter(tables.ranked()), None)
    summary = {
        "directory": str(where.root),
        "method": tables.metadata.get("method"),
        "data": tables.metadata.get("data"),
        "trials": len(tables.trials),
        "states": dict(Counter(row["state"] for row in tables.trials.values())),
        "metric": tables.metric,
        "best": tables.score(best) if best else None,
        "best_trial": best["trial"] if best else None,
    }
    if tables.of_program:
        summary |= {k: tables.metadata.get(k) for k in ("program", "metric")}
        if summary["best"] is None:
            summary["best_trial"] = None
    return summary


def print_sweeps(rows: list[dict[str, Any]], parent: Path, console: Console) -> None:
    """Prints the rows of `sweep_summaries`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("directory", no_wrap=True, overflow="fold")
    what = " or ".join(n for n in ("data", "program") if any(row.get(n) for row in rows))
    for name in ("method", what or "data", "trials", "best", "trial"):
        table.add_column(name)
    for row in rows:
        states = ", ".join(f"{n} {state}" for state, n in row["states"].items())
        best = metric_text(row["best"], of_program="program" in row)
        best = f"{row['metric']} {best}" if row["metric"] else "-"
        name = Path(row["directory"]).name
        source, best_trial = row.get("program") or row["data"], row["best_trial"] or "-"
        table.add_row(name, row["method"], source, states, best, best_trial)
    console.print(table if rows else f"{parent}: no sweeps here yet")
