"""Callback that takes up requests between two steps of Ray Tune, carries them out and answers."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.errors import InputError
from tune_mc1.results.steering.events import ResizeEvent, StopSweepEvent
from tune_mc1.results.steering.inbox import Inbox
from tune_mc1.results.steering.marks import check_known, mark_event, mark_line
from tune_mc1.results.steering.requests import (
    ENDED_LINE,
    Add,
    Answer,
    Note,
    Pin,
    Request,
    Resize,
    StopSweep,
    StopTrials,
)
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.steering.adding import add, grown
from tune_mc1.running.steering.running_search import RunningSearch
from tune_mc1.running.steering.signals import Signals
from tune_mc1.running.steering.stopping import stop_trials
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.live_view import SweepView


class Steering(DriverOnly, Callback):
    """Carries out requests to a sweep that runs.

    Args:
        run: The sweep.
        writer: Records what was asked for.
        view: Shows the progress.
        stop: Ends the sweep as Ctrl-C does.

    Attributes:
        run: The sweep as it is now.
        signals: Tells the processes of trials.
    """

    def __init__(
        self,
        run: SweepRun,
        writer: ResultWriter,
        view: SweepView,
        stop: Callable[[], None],
    ) -> None:
        self.run, self._writer, self._view = run, writer, view
        self.signals, self._stop = Signals(f"steering-{uuid4().hex}"), stop
        self._inbox = Inbox(run.where, run.past.requests)
        self._running: RunningSearch | None = None

    def begin(self, running: RunningSearch) -> None:
        """Ray Tune is about to run the trials of a search."""
        self._running = running

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        """Takes up new requests."""
        assert self._running is not None
        for name, request in self._inbox.new():
            self._running.tunes = trials
            try:
                answer = Answer("accepted", self._carry_out(request, name, self._running))
            except InputError as error:
                answer = Answer("refused", error.problems[0])
            self._inbox.answer(name, answer)

    def close(self) -> None:
        """Refuses what is asked for from now on."""
        self._inbox.close(ENDED_LINE)

    def _carry_out(self, request: Request, name: str, running: RunningSearch) -> str:
        """Carries out a request; returns what happens, in one line.

        Raises:
            InputError: If it is refused.
        """
        if isinstance(request, StopTrials):
            return stop_trials(request.trials, name, running, self._writer, self._how_stopped())
        if isinstance(request, StopSweep):
            event: StopSweepEvent = {"event": "stop_sweep", "request": name}
            self._writer.write(event)
            self._stop()
            return "the sweep stops; what its trials have is kept"
        if isinstance(request, Resize):
            return self._resize(request.max_concurrent, name, running)
        if isinstance(request, Add):
            return self._add(request.more, name, running)
        return self._mark(request, name)

    def _how_stopped(self) -> str:
        if self.run.program is None:
            return "stops at the end of its epoch"
        if isinstance(self.run.sweep, ModuleSweep):
            return "stops after its next validation"
        return "is told to end (SIGTERM)"

    def _resize(self, most: int, name: str, running: RunningSearch) -> str:
        sizes, search = running.resize(most), running.search
        event: ResizeEvent = {"event": "resize", "max_concurrent": most, "request": name}
        self._writer.write(event)
        largest, room = max([running.at_once, *sizes.values()]), running.room()
        left = self._view.left
        left.sizes, left.most = {**left.sizes, **sizes}, max(1, most // largest)
        line = f"at most {most} run at a time"
        if largest > 1:
            line = f"at most {most} trials run at a time, in groups of up to {largest}"
        if room * largest < most:
            groups = "" if largest == 1 else " group" if room == 1 else " groups"
            line += f"; there are resources for {room}{groups}"
        more = search.excess
        if not more:
            return line
        rest = "one more goes on to its end" if more == 1 else f"{more} more go on to their end"
        return f"{line}; {rest}"

    def _add(self, more: int, name: str, running: RunningSearch) -> str:
        added = grown(self.run, self._known(), more)
        self.run = add(added, name, self.run, running, self._writer)
        if self._view.total:
            self._view.total += len(added.trials) or added.settings
        line = f"{added.settings} setting{'s' if added.settings > 1 else ''} added"
        if added.trials:
            line += f": {added.trials[0].id} to {added.trials[-1].id}"
        return line if added.settings == more else f"{line}; the file allows no more"

    def _known(self) -> list[AnyTrial]:
        """All trials that were ever planned."""
        now = {trial.id: trial for trial in self.run.trials}
        before = [now.pop(trial.id, trial) for trial in self.run.past.trials]
        return [*before, *now.values()]

    def _mark(self, request: Pin | Note, name: str) -> str:
        check_known(self._writer.tables, [request.trial])
        self._writer.write(mark_event(request, name))
        return mark_line(request)
