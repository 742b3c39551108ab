"""Stopping trials by request."""

from collections.abc import Sequence

from tune_mc1.errors import InputError
from tune_mc1.results.events import Event, end_event
from tune_mc1.results.schema import ENDED
from tune_mc1.results.steering.events import StopTrialsEvent
from tune_mc1.results.steering.marks import BY_REQUEST, check_known
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.steering.running_search import NO_WORD, RunningSearch

MOST_NAMED = 5
"""Maximum number of trials that an answer names."""


def stop_trials(
    trials: Sequence[str], request: str, running: RunningSearch, writer: ResultWriter, how: str
) -> str:
    """Stops trials: those that run with their epoch, others at once.

    Args:
        trials: Their ids.
        request: Id of the request.
        running: The search.
        writer: Records it.
        how: How trials that run stop, such as `at the end of its epoch`.

    Returns:
        What happens, in one line.

    Raises:
        InputError: If a trial is not known, all have ended, or they cannot be told.
    """
    tables = writer.tables
    check_known(tables, trials)
    states = {trial: tables.trials[trial]["state"] for trial in trials}
    live = [trial for trial in trials if states[trial] not in ENDED]
    ended = [f"{trial} has ended ({states[trial]})" for trial in trials if trial not in live]
    if not live:
        raise InputError("; ".join(_some(ended)))
    told = [trial for trial in live if trial in running.running()]
    rest = [trial for trial in live if trial not in told]
    if told and not running.signals.usable:
        raise InputError(NO_WORD)
    running.take_out(rest)
    event: StopTrialsEvent = {"event": "stop_trials", "trials": live, "request": request}
    ends: list[Event] = [end_event(trial, "stopped", error=BY_REQUEST) for trial in rest]
    writer.write(event, *ends)
    if told:
        running.signals.stop(told)
    lines = [f"{trial} {how}" for trial in told]
    lines += [f"{trial} {_rest(states[trial])}" for trial in rest]
    return "; ".join(_some([*lines, *ended]))


def _rest(state: str) -> str:
    return "will not start" if state == "pending" else "has stopped"


def _some(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MOST_NAMED
    return [*lines[:MOST_NAMED], f"and {more} more"] if more > 0 else list(lines)
