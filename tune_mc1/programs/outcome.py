"""End of a trial: whether it counts, and if not, why, in one line for the user."""

import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tune_mc1.errors import did_you_mean
from tune_mc1.programs.failure import last_words
from tune_mc1.programs.history import HistoryReader
from tune_mc1.programs.iterations import Iteration, Iterations
from tune_mc1.programs.process import Ending

_MOST_NAMES = 20


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        state: `completed`; `stopped` if `report` said so; or `failed`.
        reason: Why it failed, one line for the user; None if it did not.
        iterations: How often the metric was logged.
        ending: How the process ended.
        last: Scalars that were logged after the last iteration.
        names: All names that were logged with numbers, sorted.
        left_out: Names that were logged with other values, and their kinds.
        notices: Lines for the user on what was not read as written.
    """

    state: Literal["completed", "stopped", "failed"]
    reason: str | None
    iterations: int
    ending: Ending
    last: dict[str, float] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Exit code of the trial's W&B run, of a killed program as shells give it."""
        if self.state != "failed":
            return 0
        number = self.ending.number
        if self.ending.kind == "exit":
            return number or 1  # it ended well, but without the metric
        return 128 + (number or signal.SIGKILL)

    @property
    def may_pass(self) -> bool:
        """True for a failure that another attempt may not have.

        A command line that is refused (status 2), or a metric that is never logged, stays so.
        """
        refused = self.ending.kind == "exit" and self.ending.number == 2
        return self.state == "failed" and not self.ending.ok and not refused


@dataclass(frozen=True)
class Facts:
    """What a trial's program has left to judge it by.

    Attributes:
        metric: The sweep's metric; None if it has none.
        iterations: All that it logged.
        log: File with its output.
        log_begin: Byte of the log at which its output begins.
        runs: Its W&B runs.
    """

    metric: str | None
    iterations: Iterations
    log: Path
    log_begin: int = 0
    runs: list[HistoryReader] = field(default_factory=list)

    def conclude(self) -> list[Iteration]:
        """Takes what only the summaries of its runs have; returns the iteration that it makes."""
        leader = self.iterations.leader
        summary: dict[str, float] = {}
        for run in [leader] if isinstance(leader, HistoryReader) else self.runs:
            summary |= run.summary()
        return self.iterations.conclude(summary)


def judge(facts: Facts, ending: Ending, stopped: bool) -> Outcome:
    """Judges a trial whose program has ended.

    Args:
        facts: What it has left.
        ending: How the process ended.
        stopped: Whether the sweep has stopped it.
    """
    found = facts.iterations
    reason = None if stopped else _failure(facts, ending)
    return Outcome(
        "stopped" if stopped else "failed" if reason else "completed",
        reason,
        found.count,
        ending,
        dict(found.pending),
        tuple(sorted(found.names)),
        dict(found.left_out),
        tuple(_notices(facts)),
    )


def _failure(facts: Facts, ending: Ending) -> str | None:
    if not ending.ok:
        said = last_words(facts.log, facts.log_begin)
        return f"{ending}; last lines: {said}" if said else f"{ending}, without a word"
    metric, found = facts.metric, facts.iterations
    if metric is None or found.finite:
        return None
    if found.count:
        return f"{metric} was not finite in any of {found.count} logs"
    if metric in found.left_out:
        return f"{metric} was logged as {found.left_out[metric]}, must be a number"
    names = sorted(found.names | set(found.left_out))
    if not names:
        how = "its W&B run is empty" if facts.runs else "it opened no W&B run"
        return f"{metric} was never logged: {how}, and tune_mc1.report was not called"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    known = ", ".join(names[:_MOST_NAMES]) + more
    return f"{metric} was never logged{did_you_mean(metric, names)} (logged: {known})"


def _notices(facts: Facts) -> list[str]:
    metric, found, notices = facts.metric, facts.iterations, []
    if found.ignored:
        notices.append(f"{found.ignored} logs of {metric} by further runs not used")
    elif len(facts.runs) > 1:
        notices.append(f"{len(facts.runs)} W&B runs read as one trial")
    if 0 < found.finite < found.count:
        notices.append(f"{metric} was not finite in {found.count - found.finite} logs")
    if damaged := sum(run.damaged for run in facts.runs):
        notices.append(f"{damaged} blocks of W&B's file are damaged; their rows are missing")
    return notices
