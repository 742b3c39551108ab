"""Past sweeps, as tables for the terminal and as plain data for `--json`."""

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from tune_mc1.config.method import search_name
from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.growth_events import ENDING
from tune_mc1.results.lead import Lead, lead_of
from tune_mc1.results.pareto import front_of, goals_of
from tune_mc1.results.ranking import BROKEN
from tune_mc1.results.schema import ENDED
from tune_mc1.results.settings import Setting, folds_of, repeated, repeats, settings_of
from tune_mc1.results.summary import FEWEST
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.best_lines import best_lines, recall_lines, short_path, winner_facts
from tune_mc1.terminal.fitting import Column, print_fitted
from tune_mc1.terminal.formatting import metric_text
from tune_mc1.terminal.pareto_table import print_pareto
from tune_mc1.terminal.ranked_tables import setting_columns, trial_columns
from tune_mc1.terminal.state_lines import current_status, local_status, state_lines


def print_result(
    where: ResultDir,
    tables: SweepTables,
    console: Console,
    limit: int | None = 20,
    *,
    past: bool = False,
    said: Collection[str] = (),
) -> None:
    """Prints a sweep's trials, best first, and a summary.

    Args:
        where: The result directory.
        tables: Its tables.
        console: Where to print.
        limit: Maximum number of trials; None prints all.
        past: Whether the sweep did not end just now: then the winner's recall of each class is
            printed, and how to go on with a sweep that was cut off.
        said: Failed trials whose reasons were printed just before.
    """
    rows, settings = tables.ranked(), settings_of(tables)
    lead = lead_of(tables, settings)
    if rows:
        _print_tables(tables, settings, lead, console, limit)
    if limit is not None and len(rows) > limit:
        console.print(f"... and {len(rows) - limit} more (show --limit {len(rows)})")
    print_pareto(tables, console, limit)
    facts = tables.metadata
    lines = []
    searched = len(rows) > 1 or facts.get("method") != "grid"  # `train` has one trial
    if searched and (search := _search(where, tables)):
        lines.append(f"Search: {search}")
    if not tables.of_program:
        lines.append(f"Data: {facts.get('data')} ({facts.get('fingerprint')})")
    lines += best_lines(where, tables, settings, lead)
    lines += recall_lines(where, tables) if past else ()
    lines += _few_runs(tables, settings)
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
            reason = "" if row["trial"] in said else f": {row['error']}"
            lines.append(f"Failed: {row['trial']}{reason} (log: {log})")
    lines += state_lines(where, tables) if past else ()
    lines.append(f"More: python -m tune_mc1 show {shlex.quote(str(short_path(where.root)))}")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _few_runs(tables: SweepTables, settings: Sequence[Setting]) -> Iterator[str]:
    """The line that says why settings with two runs have no interval."""
    if any(setting.score.points for setting in settings):
        run = "fold" if folds_of(tables) else "seed" if _has_seeds(tables) else "repeat"
        yield (
            f"In parentheses: the scores of both {run}s. An interval needs {FEWEST}, as two say "
            "next to nothing of the spread"
        )


def _has_seeds(tables: SweepTables) -> bool:
    return "seed" in tables.columns.parameters


def _search(where: ResultDir, tables: SweepTables) -> str | None:
    """How a sweep searches, by its file; its method alone if that cannot be read."""
    method = tables.metadata.get("method")
    try:
        early = yaml.safe_load(where.sweep_file.read_text(encoding="utf-8")).get("early_terminate")
        return search_name(method, early and early.get("type"))
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return method


def _marks(settings: Sequence[Setting], lead: Lead) -> frozenset[str]:
    """Hashes of the settings that are tied with the best."""
    return frozenset(settings[place - 1].rows[0]["config_hash"] for place in lead.tied)


def _print_tables(
    tables: SweepTables,
    settings: Sequence[Setting],
    lead: Lead,
    console: Console,
    limit: int | None,
) -> None:
    """Prints the settings, where any ran more than once, and the trials."""
    rows, marks, whole = tables.ranked(), _marks(settings, lead), "show --json"
    if repeated(tables) and tables.metric:
        print_fitted(setting_columns(tables, settings, limit, marks), console, whole)
        console.print()
        marks = frozenset()
    print_fitted(trial_columns(tables, rows, limit, marks), console, whole)


def result_facts(where: ResultDir, tables: SweepTables) -> dict[str, Any]:
    """A sweep as plain data: its metadata, its trials, best first, the winner and its lead.

    The winner is the best setting: its trials, how many of them have a score, diverged and failed,
    and their mean score; there is none before the first score. With several objectives also
    `pareto_front`, the ids of its trials.
    """
    settings = settings_of(tables)
    sweep = {**tables.metadata, "search": _search(where, tables)}
    sweep["status"] = current_status(where, tables)
    facts = {"sweep": sweep, "trials": tables.ranked(), "lead": vars(lead_of(tables, settings))}
    if winner := winner_facts(settings):
        facts["winner"] = winner
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
        "method": _search(where, tables),
        "data": tables.metadata.get("data"),
        "trials": len(tables.trials),
        "status": local_status(where, tables),
        "states": dict(Counter(row["state"] for row in tables.trials.values())),
        "metric": tables.metric,
        "best": tables.score(best) if best else None,
        "best_trial": best["trial"] if best else None,
        "best_state": best["state"] if best else None,
    }
    if tables.of_program:
        summary |= {k: tables.metadata.get(k) for k in ("program", "metric")}
        if summary["best"] is None:
            summary["best_trial"] = summary["best_state"] = None
    return summary


def print_sweeps(rows: list[dict[str, Any]], parent: Path, console: Console) -> None:
    """Prints the rows of `sweep_summaries`."""
    if not rows:
        console.print(f"{parent}: no sweeps here yet", highlight=False, markup=False)
        return
    what = " or ".join(n for n in ("data", "program") if any(row.get(n) for row in rows))
    states = [_states(row) for row in rows]
    best = [
        f"{row['metric']} {metric_text(row['best'], of_program='program' in row)}"
        if row["metric"] and row["best"] is not None
        else "-"
        for row in rows
    ]
    trials = [f"{row['best_trial'] or '-'}{_state(row)}" for row in rows]
    columns = (
        ("directory", [Path(row["directory"]).name for row in rows], 0),
        ("method", [row["method"] or "-" for row in rows], 3),
        (what or "data", [row.get("program") or row["data"] or "-" for row in rows], 4),
        ("trials", states, 0),
        ("best", best, 1),
        (
            "trial",
            ["-" if row["best"] is None else t for t, row in zip(trials, rows, strict=True)],
            2,
        ),
    )
    print_fitted(
        [Column(name, cells, rank, left=True) for name, cells, rank in columns],
        console,
        "list --json",
    )


def _states(row: dict[str, Any]) -> str:
    """Trials by state; of a sweep that was cut off, the states in which they were then."""
    states = ", ".join(f"{n} {state}" for state, n in row["states"].items()) or "none yet"
    return f"{states} ({row['status']})" if row["status"] == "interrupted" else states


def _state(row: dict[str, Any]) -> str:
    """The state of the best trial, if it is one in which a trial has no final score."""
    return f" ({row['best_state']})" if row["best_state"] in BROKEN else ""
