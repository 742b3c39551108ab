"""Formatting of a sweep's rows: settings, numbers, durations, ranked tables."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from tune_mc1.config.metrics import shown_test_metrics
from tune_mc1.results.ranking import BROKEN

if TYPE_CHECKING:
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
    return f"best {tables.metric} {value} ({row['trial']}{state})"


def settings_ranking(
    settings: "Sequence[Setting]",
    metric: str,
    parameters: Sequence[str],
    limit: int | None,
    tied: Collection[str] = (),
) -> Table:
    """Table of settings, in the given order.

    Args:
        settings: The settings, best first.
        metric: The sweep's metric.
        parameters: Columns of the parameters.
        limit: Maximum number of rows; None shows all.
        tied: Hashes of those that cannot be told apart from the best.
    """
    names = [
        n for n in varied([s.rows[0] for s in settings], parameters) if n not in ("seed", "fold")
    ]
    table = Table(box=None, pad_edge=False, header_style="bold")
    losses = losses_columns(settings[:limit])
    for name in ("#", *names, f"best {metric}, 95 %", "sd", "trials", *losses):
        table.add_column(name, justify="right")
    for rank, setting in enumerate(settings[:limit], 1):
        cells = [show(setting.rows[0][n]) for n in names]
        score, place = setting.score, rank_text(rank, setting.rows[0], tied)
        count = trials_text(setting)
        lost = [own[rank - 1] for own in losses.values()]
        table.add_row(place, *cells, summary_text(score), metric_text(score.sd), count, *lost)
    return table


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


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a name, broken after blanks, dots, slashes, hyphens or underscores if possible."""
    lines = [""]
    for part in re.findall(r"[^\s./_\-]*[\s./_\-]?", text):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return [line.strip() for line in lines if line.strip()] or [text]


def ranked_table(
    rows: "Sequence[Row]",
    metric: str,
    names: Sequence[str],
    limit: int | None = 20,
    tied: Collection[str] = (),
) -> Table:
    """Table of trials, in the given order.

    Args:
        rows: Rows of `trials.parquet`, best first.
        metric: The sweep's metric.
        names: The parameters to show.
        limit: Maximum number of rows; None shows all.
        tied: Hashes of settings that cannot be told apart from the best.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("trial")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")  # a cut value is worth nothing
    tested = [
        column
        for column in shown_test_metrics(metric)
        if any(row.get(column) is not None for row in rows)
    ]
    columns = [f"best {metric}", "at epoch", *tested]
    for name in (*columns, "state", "time"):
        table.add_column(name, justify="right", overflow="fold", no_wrap=name in ("state", "time"))
    for rank, row in enumerate(rows[:limit], 1):
        style = STATE_STYLES.get(row["state"], "")
        epoch = f"{row['best_epoch'] or '-'}/{row['epochs_run']}"
        cells = [metric_text(row.get(f"best_{metric}")), epoch]
        cells += [metric_text(row[column]) for column in tested]
        state = f"[{style}]{row['state']}[/]" if style else row["state"]
        settings = [show(row[n]) for n in names]
        table.add_row(
            rank_text(rank, row, tied),
            row["trial"],
            *settings,
            *cells,
            state,
            duration(row["seconds"] or 0),
        )
    return table
