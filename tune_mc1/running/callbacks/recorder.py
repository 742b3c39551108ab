"""Callback that records Ray Tune's reports as events of the journal."""

import pickle
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.exceptions import RayActorError
from ray.tune import Callback
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.cluster.ray_private import error_file_of
from tune_mc1.errors import SweepStopped, TuneMc1Error
from tune_mc1.redaction import redact
from tune_mc1.results.events import (
    Event,
    end_event,
    epoch_event,
    pause_event,
    retry_event,
    start_events,
)
from tune_mc1.results.schema import ENDED, Row
from tune_mc1.results.trial_events import StartEvent
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.callbacks.driver_only import DriverOnly
from tune_mc1.running.callbacks.lost_process import lost_process


class ResultCallback(DriverOnly, Callback):
    """Records each start, epoch and end of each trial.

    One of Ray's trials may run several of ours, so every report is a list of rows.

    Args:
        writer: Records the events.
        stopped: True for the id of a trial that the scheduler has stopped, or that pauses.
        paused: True for the id of a trial that pauses.
        hung: True for Ray's id of a trial that was killed because it did not report.
        cut: True for the id of a trial that ends with its epoch, as the sweep ends.
        say: Prints a line for the user.
    """

    def __init__(
        self,
        writer: ResultWriter,
        stopped: Callable[[str], bool],
        hung: Callable[[str], bool] = lambda _: False,
        paused: Callable[[str], bool] = lambda _: False,
        cut: Callable[[str], bool] = lambda _: False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.writer = writer
        self.stopped = stopped
        self.hung = hung
        self.paused = paused
        self.cut = cut
        self.say = say
        self._said: set[str] = set()

    def on_trial_start(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """A trial starts, or starts again."""
        self.writer.write(*map(self._dated, start_events(_ids(trial))))

    def _dated(self, event: StartEvent) -> Event:
        """The start of a trial, which may have been before that of Ray."""
        trial = event["trial"]
        if trial in self.writer.began and not self.writer.tables.trials[trial]["attempts"]:
            return {**event, "time": self.writer.began[trial]}
        return event

    def on_trial_result(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        result: dict[str, Any],
        **info: Any,
    ) -> None:
        """Epochs ended, or the storage failed.

        Raises:
            SweepStopped: If the storage failed.
        """
        if "stop" in result:
            raise SweepStopped(result["stop"])
        if (line := result.get("notice")) and line not in self._said:
            self._said.add(line)
            self.say(line)
        lengths = {t["id"]: t["config"]["epochs"] for t in trial.config["trials"] if "config" in t}
        events = self._of_rows(result.get("rows", ()), lengths)
        done = {event["trial"] for event in events if event["event"] == "end"}
        for end in result.get("ends", ()):
            if end["state"] == "stopped" and end["trial"] not in lengths:
                events.append(self._leave(**end))
            elif end["trial"] not in done:
                events.append(end_event(**end))
        if events:
            self.writer.write(*events)
        for event in events:
            if event["event"] == "end" and event["state"] in ENDED:
                self.writer.where.forget_previous(event["trial"])
                self.writer.where.forget_partial(event["trial"], event["state"])
        self._let_go(trial, [event["trial"] for event in events if event["event"] == "pause"])

    def _of_rows(self, rows: Sequence[Row], lengths: Mapping[str, int]) -> list[Event]:
        """The events of rows, and of the trials that end with them."""
        events: list[Event] = []
        last = {row["trial"]: row["epoch"] for row in rows}
        for row in rows:
            if row["trial"] not in lengths:  # a program may begin again, and says when it ends
                events.append(epoch_event(row))
                continue
            if row["epoch"] < last[row["trial"]]:
                if (row["trial"], row["epoch"]) not in self.writer.tables.history:
                    events.append(epoch_event(row))
                continue
            events.append(epoch_event(row))
            if row["epoch"] >= lengths[row["trial"]]:
                events.append(end_event(row["trial"], "completed"))
            elif self.stopped(row["trial"]):
                events.append(self._leave(row["trial"]))
            elif self.cut(row["trial"]):
                events.append(end_event(row["trial"], "interrupted"))
        return events

    def _leave(self, trial: str, **end: Any) -> Event:
        """The event of a trial that the scheduler has stopped, or that pauses.

        A program does not know why it was told to end.
        """
        if "error" in end:  # by request
            return end_event(trial, **end)
        if self.paused(trial):
            return pause_event(trial)
        cut = self.cut(trial) and not self.stopped(trial)
        state = "interrupted" if cut else "stopped"
        return end_event(**{"trial": trial, **end, "state": state})

    def _let_go(self, trial: TuneTrial, paused: Collection[str]) -> None:
        """Takes paused trials off one of Ray's, as another one goes on with them."""
        if paused:
            specs = trial.config["trials"]
            trial.config["trials"] = [spec for spec in specs if spec["id"] not in paused]

    def on_trial_recover(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """Ray's trial failed and will be retried, with those of our trials that have not ended."""
        open_ids = self._open(trial)
        trial.config["trials"] = [t for t in trial.config["trials"] if t["id"] in open_ids]
        reason = self._reason(trial)
        self.writer.write(*(retry_event(t, reason) for t in open_ids))

    def on_trial_complete(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """Ray's trial ended; those of our trials without an end failed silently."""
        self._fail(trial, "ended before its last epoch, for a reason unknown to Ray")

    def on_trial_error(
        self, iteration: int, trials: list[TuneTrial], trial: TuneTrial, **info: Any
    ) -> None:
        """Ray's trial failed."""
        self._fail(trial, self._reason(trial))

    def _open(self, trial: TuneTrial) -> list[str]:
        rows = self.writer.tables.trials
        return [t for t in _ids(trial) if rows[t]["state"] not in ENDED and not self.cut(t)]

    def _fail(self, trial: TuneTrial, reason: str) -> None:
        open_ids = self._open(trial)
        ends = [end_event(t, "failed", error=reason) for t in open_ids]
        if ends:
            self.writer.write(*ends)

    def _reason(self, trial: TuneTrial) -> str:
        """Reason why Ray's trial failed, in one line: the error of our code, or Ray's own."""
        if self.hung(trial.trial_id):
            return "hung: it did not report within trial_timeout"
        file = error_file_of(trial)
        if file is None or not Path(file).exists():
            return "failed without an error known to Ray; see its log"
        error = pickle.loads(Path(file).read_bytes())
        cause = getattr(error, "cause", None) or error
        if isinstance(cause, RayActorError):
            return redact(lost_process(cause))
        text = " ".join(str(cause).split())
        return redact(
            text if isinstance(cause, TuneMc1Error) else f"{type(cause).__name__}: {text}"
        )


def _ids(trial: TuneTrial) -> list[str]:
    return [t["id"] for t in trial.config["trials"]]
