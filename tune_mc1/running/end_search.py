"""The end of a sweep's search: what is left, and why there is no further trial."""

from tune_mc1.results.events import end_event
from tune_mc1.results.growth_events import NO_SETTING_LEFT
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.search.learning import LearningTrials
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.live_view import SweepView


def end_search(
    run: SweepRun,
    learning: LearningTrials | None,
    end: EarlyEnd,
    writer: ResultWriter,
    view: SweepView,
) -> None:
    """Says if the search has tried all settings, and ends trials that pause for good.

    Args:
        run: The sweep, of which no trial runs any more.
        learning: Its search, if it learns.
        end: Says whether the sweep ended before its search.
        writer: Records it.
        view: Shows it.
    """
    used_up = learning is not None and learning.used_up
    if used_up:
        view.say_used_up(earlier=bool(run.past.evidence or run.warm.evidence))
    end.settle()
    if end.reason is None:  # else paused trials may go on later
        paused = writer.tables.in_state("paused")
        writer.write(*(end_event(trial, "stopped") for trial in paused))
        if used_up:
            writer.write({"event": "enough", "reason": NO_SETTING_LEFT})
