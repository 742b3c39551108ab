"""What a notebook or terminal shows of a sweep: one line, a bar, a figure."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from tune_mc1.results.states import ENDED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tune_mc1.results.tables import SweepTables

EVERY_S = 1.0
"""Seconds between two updates of the progress."""


@dataclass(frozen=True)
class Summary:
    """How far a sweep is.

    Attributes:
        name: Name of its directory.
        status: As `Sweep.status`.
        trials: Number of trials so far.
        states: Number of them in each state.
        best: The sweep's metric and its best value; empty without one.
    """

    name: str
    status: str
    trials: int
    states: dict[str, int]
    best: str

    @property
    def ended(self) -> int:
        """Number of trials that have ended."""
        return sum(count for state, count in self.states.items() if state in ENDED)


def summary(name: str, status: str, tables: "SweepTables") -> Summary:
    """The summary of a sweep."""
    from tune_mc1.terminal.formatting import best_so_far

    states = dict(Counter(row["state"] for row in tables.trials.values()))
    return Summary(name, status, len(tables.trials), states, best_so_far(tables))


def line(found: Summary) -> str:
    """A summary as one line: `running, 12 of 40 trials ended, 2 running, best val_acc 0.61`."""
    parts = [found.status, f"{found.ended} of {found.trials} trials ended"]
    parts += [
        f"{found.states[state]} {state}"
        for state in ("running", "failed", "diverged")
        if state in found.states
    ]
    return ", ".join([*parts, *filter(None, [found.best])])


def notebook() -> Any:
    """IPython's shell, if this process is the kernel of a notebook; None otherwise."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell if shell is not None and hasattr(shell, "kernel") else None


class Progress:
    """How far a sweep is: a line that changes, in a notebook or a terminal, and else nothing.

    Args:
        summarize: Returns the summary now.
    """

    def __init__(self, summarize: Callable[[], Summary]) -> None:
        self._summarize = summarize
        self._last, self._begin = 0.0, time.monotonic()
        self._width = 0
        self._handle: Any = None
        self._terminal = sys.stderr.isatty()

    def update(self) -> None:
        """Shows it, if it is time."""
        if time.monotonic() - self._last >= EVERY_S:
            self._last = time.monotonic()
            self._show()

    def close(self) -> None:
        """Shows it for the last time."""
        self._show()
        if self._width:
            print(file=sys.stderr)

    def _show(self) -> None:
        shell = notebook()
        if shell is None and not self._terminal:
            return
        found = self._summarize()
        minutes, seconds = divmod(int(time.monotonic() - self._begin), 60)
        text = f"{line(found)}, {minutes}:{seconds:02}"
        if shell is None:
            print(f"\r{text.ljust(self._width)}", end="", file=sys.stderr, flush=True)
            self._width = len(text)
            return
        import IPython.display

        shown: Any = IPython.display  # has no types
        bar = f'<progress value="{found.ended}" max="{max(found.trials, 1)}"></progress>'
        content = shown.HTML(f"<div>{bar} {escape(text)}</div>")
        if self._handle is None:
            self._handle = shown.display(content, display_id=True)
        else:
            self._handle.update(content)


def shown_inline(figure: "Figure") -> "Figure":
    """The figure; a notebook shows it as a picture, even if it has not asked Matplotlib to."""
    if (shell := notebook()) is not None:
        import IPython.core.pylabtools

        tools: Any = IPython.core.pylabtools  # has no types
        tools.select_figure_formats(shell, {"png"})
    return figure
