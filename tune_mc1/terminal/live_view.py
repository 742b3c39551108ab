"""Progress of a running sweep: a live table in a terminal, otherwise plain lines."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tune_mc1.results.schema import ENDED
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.formatting import (
    STATE_STYLES,
    best_so_far,
    duration,
    metric_text,
    show,
    varied,
)

MAX_ROWS = 16
"""Maximum number of trials in the live table: first those running, then the best ended ones."""


class SweepView:
    """Shows the progress of a sweep.

    Args:
        console: Console for the output.
        total: Number of trials that the sweep will have.
        interval_s: Minimum time between two updates of the live table, in seconds.
        plain_interval_s: Time between two status lines without a terminal, in seconds.
    """

    def __init__(
        self,
        console: Console,
        total: int,
        interval_s: float = 0.5,
        plain_interval_s: float = 30.0,
    ) -> None:
        self.console = console
        self.total = total
        self._interval = interval_s if console.is_terminal else plain_interval_s
        self._tables = SweepTables()
        self._live: Live | None = None
        self._began = self._drawn = time.monotonic()
        self._reported = self._named = self._retried = 0
        self._names: list[str] = []
        self.why: Callable[[str], str | None] = lambda _: None  # why a trial was stopped

    @contextmanager
    def showing(self, tables: SweepTables) -> Iterator[None]:
        """Shows the tables until the block ends."""
        self._tables = tables
        self._reported, self._retried = len(tables.ended), len(tables.retried)
        self._began = self._drawn = time.monotonic()
        if not self.console.is_terminal:
            yield
            self.refresh(force=True)
            return
        with Live(console=self.console, auto_refresh=False, transient=True) as self._live:
            self.refresh(force=True)
            yield
            self.refresh(force=True)
        self._live = None

    def say_used_up(self) -> None:
        """Says that the sweep ends with the trials that it has, as there is no further setting."""
        self.total = len(self._tables.trials)
        line = f"The sweep ends with {self.total} trials: there is no further setting"
        self.console.print(line, highlight=False, soft_wrap=True)

    def refresh(self, force: bool = False) -> None:
        """Updates the output if the interval has passed, or if forced."""
        self._report_retried()
        if self._live is None:
            self._report_ended()
        if not force and time.monotonic() - self._drawn < self._interval:
            return
        if self._live is None:
            self.console.print(self.headline(), highlight=False)
        else:
            self._live.update(self.render(), refresh=True)
        self._drawn = time.monotonic()

    def _report_retried(self) -> None:
        """Prints a line for each trial that was lost or failed and starts again."""
        new = self._tables.retried[self._retried :]
        self._retried = len(self._tables.retried)
        for trial, reason in new:
            log = self._tables.trials[trial]["log"]
            line = f"{trial} starts again, from its last checkpoint: {reason} (log: {log})"
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _report_ended(self) -> None:
        """Prints a line for each trial that has ended since the last call."""
        tables = self._tables
        new, self._reported = tables.ended[self._reported :], len(tables.ended)
        if len(tables.trials) != self._named:  # only changes with a search that learns
            self._named, self._names = len(tables.trials), self._varied()
        for trial in new:
            row = tables.trials[trial]
            if row["state"] not in ENDED:
                continue
            best = metric_text(row.get(f"best_{tables.metric}"))
            what = "iteration" if tables.of_program else "epoch"
            line = f"{trial} {row['state']} after {what} {row['epochs_run']}"
            settings = " ".join(f"{n}={show(row[n])}" for n in self._names)
            line += f", best {tables.metric} {best}" if tables.metric else ""
            line += f"  ({settings})" if settings else ""
            if reason := row["error"] or (row["state"] == "stopped" and self.why(trial)):
                line += f"\n      {reason}"
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _varied(self) -> list[str]:
        return varied(self._tables.trials.values(), self._tables.columns.parameters)

    def headline(self) -> Text:
        """Trials by state, best score so far, images per second, and time remaining."""
        tables = self._tables
        states = Counter(row["state"] for row in tables.trials.values())
        total = self.total or len(tables.trials)
        states["pending"] += total - len(tables.trials)
        counts = ", ".join(
            f"{states[s]} {s}"
            for s in ("running", "paused", *sorted(ENDED), "interrupted", "pending")
            if states[s]
        )
        text = f"{total} trials: {counts}"
        best = best_so_far(tables)
        text += f" | {best}" if best else ""
        rate = sum(
            r["images_per_second"] or 0.0 for r in tables.trials.values() if r["state"] == "running"
        )
        text += f" | {rate:,.0f} images/s" if rate else ""
        left = self.seconds_left()
        elapsed = duration(time.monotonic() - self._began)
        text += f" | {elapsed} elapsed" + (f", about {duration(left)} left" if left else "")
        return Text(text)

    def seconds_left(self) -> float | None:
        """Estimated time to the end, from the epochs so far; None before the first."""
        rows = self._tables.trials.values()
        if self._tables.of_program:
            return self._seconds_left_of_program()
        spent = sum(r["seconds"] or 0.0 for r in rows)
        done = sum(r["epochs_run"] for r in rows)
        ended = [r for r in rows if r["state"] in (*ENDED, "paused")]
        if not done:
            return None
        share = 1.0
        if ended:
            share = sum(r["epochs_run"] for r in ended) / sum(r["epochs"] for r in ended)
        unended = [r for r in rows if r["state"] not in (*ENDED, "paused")]
        epochs = sum(max(r["epochs"] * share - r["epochs_run"], 0) for r in unended)
        if self.total > len(self._tables.trials):
            longest = max(r["epochs"] for r in rows)
            epochs += (self.total - len(self._tables.trials)) * longest * share
        elapsed = time.monotonic() - self._began
        return epochs * spent / done * min(1.0, elapsed / spent) if spent else None

    def _seconds_left_of_program(self) -> float | None:
        """From the mean duration of the trials that ended, as a program's length is its own."""
        rows = self._tables.trials.values()
        took: list[float] = [
            self._tables.running.of(r) for r in rows if r["state"] in ENDED and r["started"]
        ]
        running = sum(r["state"] == "running" for r in rows)
        left = self.total - sum(r["state"] in ENDED for r in rows)
        if not took or not running or left <= 0:
            return None
        seconds: float = sum(took) / len(took) * left / running
        return seconds

    def render(self) -> RenderableType:
        """Renders the live table."""
        tables = self._tables
        rows = list(tables.trials.values())
        names = self._varied()
        table = Table(box=None, pad_edge=False, header_style="bold")
        program = tables.of_program
        count, rates = ("iteration", ()) if program else ("epoch", ("images/s",))
        for name in ("trial", "state", count, tables.metric, "best", *rates, *names):
            table.add_column(name, justify="left" if name in ("trial", "state") else "right")
        running = [r for r in rows if r["state"] == "running"]
        others = [r for r in tables.ranked() if r["state"] in ENDED]
        shown = [*running, *others][:MAX_ROWS]
        for row in shown:
            rate = row["images_per_second"]
            speed = [f"{rate:,.0f}" if rate else "-"] if rates else []
            table.add_row(
                row["trial"],
                Text(row["state"], style=STATE_STYLES.get(row["state"], "")),
                f"{row['epochs_run']}" + ("" if program else f"/{row['epochs']}"),
                metric_text(row.get(f"last_{tables.metric}")),
                metric_text(row.get(f"best_{tables.metric}")),
                *speed,
                *(show(row[n]) for n in names),
            )
        hidden = len(running) + len(others) - len(shown)
        more = [Text(f"... and {hidden} more", style="dim")] if hidden > 0 else []
        return Group(self.headline(), table, *more)
