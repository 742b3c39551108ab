"""Progress of a running sweep: a live table in a terminal, otherwise plain lines."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from tune_mc1.results.schema import ENDED
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.fitting import Column, fitted
from tune_mc1.terminal.formatting import best_so_far, duration, metric_text, typed, varied
from tune_mc1.terminal.ranked_tables import EPOCH, TIME, metric_name, parameter_columns
from tune_mc1.terminal.time_left import TimeLeft

ESTIMATE_S = 2.0
"""Seconds between two estimates of the time left, which read all trials."""

RANGE = 1.28
"""Standard deviations of the time left to both sides, within which it is four times in five."""

CLEAR = 0.25
"""Half of a range relative to its middle, below which the middle is shown alone."""

SOON_S = 0.1
"""Minimum time between two updates of the live table where there is something new."""

SHARE = 0.05
"""Maximum part of the time that these updates take."""

MAX_ROWS = 16
"""Maximum number of trials in the live table: first those running, then the best ended ones."""


class SweepView:
    """Shows the progress of a sweep.

    Args:
        console: Console for the output.
        total: Number of trials that the sweep will have.
        interval_s: Time between two updates of the live table, in seconds; it is updated sooner
            for new epochs.
        plain_interval_s: Time between two status lines without a terminal, in seconds.
        left: Estimates the time left.
    """

    def __init__(
        self,
        console: Console,
        total: int,
        interval_s: float = 0.5,
        plain_interval_s: float = 30.0,
        left: TimeLeft | None = None,
    ) -> None:
        self.console = console
        self.total = total
        self._interval = interval_s if console.is_terminal else plain_interval_s
        self._tables = SweepTables()
        self._live: Live | None = None
        self._soon, self._shown = SOON_S, (0, 0)
        self._began = self._drawn = time.monotonic()
        self._reported = self._named = self._retried = 0
        self._names: list[str] = []
        self._starting = False
        self._estimated: tuple[float, float | None] | None = None
        self.left = TimeLeft() if left is None else left
        self.said: set[str] = set()  # failed trials whose reasons were printed
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

    def say(self, line: str) -> None:
        """Prints a line, such as what the first seconds are spent on."""
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def say_starting(self) -> None:
        """Says that the first trials start, unless the display shows it."""
        if not (self.console.is_terminal or self._starting):
            self._starting = True
            self.say("Starting the first trials ...")

    def say_used_up(self, *, earlier: bool = False) -> None:
        """Says that the sweep ends with the trials that it has, as there is no further setting.

        Args:
            earlier: Whether it started from earlier sweeps, whose settings it does not repeat.
        """
        self.total = len(self._tables.trials)
        rest = " that the earlier sweeps have not run" if earlier else ""
        self.say(f"The sweep ends with {self.total} trials: there is no further setting{rest}")

    def refresh(self, force: bool = False) -> None:
        """Updates the output if the interval has passed, or if forced."""
        self._report_retried()
        if self._live is None:
            self._report_ended()
        content = len(self._tables.history), len(self._tables.ended)
        soon = self._live is not None and content != self._shown
        began = time.monotonic()
        if not force and began - self._drawn < (self._soon if soon else self._interval):
            return
        if self._live is None:
            self.console.print(self.headline(), highlight=False, soft_wrap=True)
        else:
            self._live.update(self.render(), refresh=True)
        self._drawn, self._shown = time.monotonic(), content
        self._soon = min(self._interval, max(SOON_S, (self._drawn - began) / SHARE))

    def _report_retried(self) -> None:
        """Prints a line for each trial that was lost or failed and starts again."""
        new = self._tables.retried[self._retried :]
        self._retried = len(self._tables.retried)
        for trial, reason in new:
            log = self._tables.trials[trial]["log"]
            self.say(f"{trial} starts again, from its last checkpoint: {reason} (log: {log})")

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
            best = self._score(row.get(f"best_{tables.metric}"))
            what = "iteration" if tables.of_program else "epoch"
            line = f"{trial} {row['state']} after {what} {row['epochs_run']}"
            own = tables.columns.own_names
            pairs = ((own.get(n, n), typed(tables.columns, row, n)) for n in self._names)
            settings = " ".join(f"{name}={text}" for name, text in pairs)
            line += f", best {metric_name(tables)} {best}" if tables.metric else ""
            line += f"  ({settings})" if settings else ""
            if reason := row["error"] or (row["state"] == "stopped" and self.why(trial)):
                line += f"\n      {reason}"
                self.said.update([trial] if row["state"] == "failed" else ())
            self.say(line)

    def _varied(self) -> list[str]:
        return varied(self._tables.trials.values(), self._tables.columns.parameters)

    def _score(self, value: float | None) -> str:
        return metric_text(value, of_program=self._tables.of_program)

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
        elapsed = duration(time.monotonic() - self._began)
        return Text(f"{text} | {elapsed} elapsed{self._left_text()}")

    def _left_text(self) -> str:
        """The time left, as a range if it is chance how many trials the scheduler stops."""
        left = self.seconds_left()
        if not left:
            return ""
        room = RANGE * self.left.spread
        if room < CLEAR * left:
            return f", about {duration(left)} left"
        if left < 1.25 * room:
            return f", up to {duration(left + room)} left"
        return f", about {duration(left - room)} to {duration(left + room)} left"

    def seconds_left(self) -> float | None:
        """Estimated time to the end of the last trial; None before the first epoch."""
        now = time.monotonic()
        if self._estimated is None or now - self._estimated[0] >= ESTIMATE_S:
            self._estimated = now, self.left.seconds(self._tables, self.total, time.time())
        at, left = self._estimated
        return None if left is None else max(left - (now - at), 0.0)

    def render(self) -> RenderableType:
        """Renders the live table."""
        tables = self._tables
        program = tables.of_program
        running = [r for r in tables.trials.values() if r["state"] == "running"]
        others = [r for r in tables.ranked() if r["state"] in ENDED]
        shown = [*running, *others][:MAX_ROWS]
        last, best = f"last_{tables.metric}", f"best_{tables.metric}"
        counts = [f"{r['epochs_run']}" + ("" if program else f"/{r['epochs']}") for r in shown]
        rates = [f"{r['images_per_second'] or 0:,.0f}" for r in shown]
        columns = [
            Column("trial", [row["trial"] for row in shown], left=True),
            Column("state", [row["state"] for row in shown], left=True),
            Column("iteration" if program else "epoch", counts),
            Column(metric_name(tables), [self._score(row.get(last)) for row in shown], EPOCH),
            Column("best", [self._score(row.get(best)) for row in shown]),
            *([] if program else [Column("images/s", rates, TIME)]),
            *parameter_columns(tables, shown, self._varied()),
        ]
        hidden = len(running) + len(others) - len(shown)
        more = [Text(f"... and {hidden} more", style="dim")] if hidden > 0 else []
        return Group(self.headline(), fitted(columns, self.console.width).text, *more)
