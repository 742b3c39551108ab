"""Formatting of a sweep's rows: settings, numbers, durations."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tune_mc1.config.set_text import setting_text
from tune_mc1.results.ranking import BROKEN

if TYPE_CHECKING:
    from tune_mc1.results.any_columns import Columns
    from tune_mc1.results.schema import Row
    from tune_mc1.results.settings import Setting
    from tune_mc1.results.summary import Summary
    from tune_mc1.results.tables import SweepTables

STATE_STYLES = {
    "running": "cyan",
    "paused": "blue",
    "completed": "green",
    "stopped": "yellow",
    "diverged": "magenta",
    "failed": "bold red",
    "interrupted": "red",
    "dropped": "dim",
}


def varied(rows: "Iterable[Row]", parameters: Sequence[str]) -> list[str]:
    """Columns in which rows differ, out of the given ones and `fold`."""
    rows = list(rows)
    return [n for n in (*parameters, "fold") if any(r[n] != rows[0][n] for r in rows)]


def typed(columns: "Columns", row: "Row", name: str) -> str:
    """Formats a parameter of a trial so that it can be typed back, after `--set NAME=`.

    Args:
        columns: Columns of the sweep.
        row: A row of its tables.
        name: The parameter's column.
    """
    cell = row.get(name)
    as_it_is = isinstance(cell, str) and name in columns.json  # which YAML reads too
    return str(cell) if as_it_is else setting_text(name, cell, lists=name in columns.recipe)


def show(value: Any) -> str:
    """Formats a parameter's value, to four digits: enough to recognise a setting."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def summary_text(score: "Summary", *, of_program: bool = False) -> str:
    """Formats a mean with its 95 % interval: `0.5340 [0.5213, 0.5466]`.

    Two runs have no interval, and are shown themselves: `0.5340 (0.5290, 0.5390)`.
    """
    mean = metric_text(score.mean, of_program=of_program)
    if score.points:
        points = ", ".join(metric_text(each, of_program=of_program) for each in score.points)
        return f"{mean} ({points})"
    if score.low is None or score.high is None:
        return mean
    ends = (metric_text(end, of_program=of_program) for end in (score.low, score.high))
    return f"{mean} [{', '.join(ends)}]"


def trials_text(setting: "Setting") -> str:
    """How many trials of a setting have a score, and where some are repeats, of how many runs."""
    score = setting.score
    text = f"{score.n} of {len(setting.rows)}"
    return text if score.runs == score.n else f"{text}, {score.runs} different"


def losses_columns(settings: "Sequence[Setting]") -> dict[str, list[str]]:
    """Columns of how many trials of each setting diverged and failed; those without are left out.

    Args:
        settings: The settings that are shown.
    """
    counts = {
        "diverged": [setting.diverged for setting in settings],
        "failed": [setting.failed for setting in settings],
    }
    return {
        state: [
            f"{n} of {len(setting.rows)}" if n else "-"
            for n, setting in zip(found, settings, strict=True)
        ]
        for state, found in counts.items()
        if any(found)
    }


def best_so_far(tables: "SweepTables") -> str:
    """The best trial: `best val_acc 0.6100 (t0003)`, with its state if it diverged or failed."""
    row = next(iter(tables.ranked()), None)
    if row is None or (score := tables.score(row)) is None:
        return ""
    state = f", {row['state']}" if row["state"] in BROKEN else ""
    value = metric_text(score, of_program=tables.of_program)
    metric = tables.metadata["metric"] if tables.of_program else tables.metric
    return f"best {metric} {value} ({row['trial']}{state})"


def rank_text(rank: int, row: "Row", tied: Collection[str]) -> str:
    """A place in a ranking, marked if the setting cannot be told apart from the best."""
    return f"{rank} =" if row["config_hash"] in tied else str(rank)


def metric_text(value: float | None, *, of_program: bool = False) -> str:
    """Formats a metric to four decimals, a large whole number to none; a dash if it is None.

    Very large ones, such as the loss of a trial before it diverged, have four significant digits.

    Args:
        value: The value.
        of_program: Whether it is a program's, of any size: very small ones have four significant
            digits too.
    """
    if value is None:
        return "-"
    if abs(value) >= 1e7 or (of_program and 0 < abs(value) < 1e-3):
        return f"{value:.4g}"
    return f"{value:.0f}" if abs(value) >= 1e4 and value == int(value) else f"{value:.4f}"


def duration(seconds: float) -> str:
    """Formats a duration: `48s`, `3m 20s`, `2h 05m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def parts(text: str) -> list[str]:
    """Parts of a name, each with the blank, dot, slash, hyphen or underscore after it."""
    return re.findall(r"[^\s./_\-]+[\s./_\-]?|[\s./_\-]", text)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a name, broken after blanks, dots, slashes, hyphens or underscores if possible."""
    lines = [""]
    for part in parts(text):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return [line.strip() for line in lines if line.strip()] or [text]
