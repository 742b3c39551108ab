"""Runs of TensorBoard: a folder per trial with its scalars and hyperparameters."""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tensorboard.compat.proto.summary_pb2 import Summary

from tune_mc1.results.schema import ENDED
from tune_mc1.tracking.tensorboard.event_file import EventFile, scalar
from tune_mc1.tracking.tensorboard.hparams import experiment, session_end, session_start
from tune_mc1.tracking.trial_runs import Scalars, Source, TrialRuns

Values = Iterator[tuple[Summary.Value, int, float]]


class TensorBoardRuns(TrialRuns):
    """The runs of a sweep as event files, `<folder>/<trial>/events.out.tfevents...`.

    A run that is opened is written anew, from the tables, so that no reader finds a value twice.

    Args:
        source: What they are written from.
        folder: The folder to which TensorBoard is pointed.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(source)
        self._folder = folder
        self._files: dict[str, EventFile] = {}
        self._ended: set[str] = set()
        self._metrics: set[str] = set()
        self._told: set[str] | None = None

    def open(self, trial: str) -> Mapping[int, Scalars]:
        """Begins the run's file anew."""
        self.restart(trial)
        return {}

    def restart(self, trial: str) -> None:
        """Begins the run's file anew, with the trial's hyperparameters."""
        self._ended.discard(trial)
        self._files[trial] = EventFile(self._folder / trial)
        source, row = self.source, self.source.row(trial)
        started = row["started"] or time.time()
        start = session_start(source.setting(trial), trial, started)
        self._files[trial].add([(start, 0, started)])

    def log(self, trial: str, rows: Mapping[int, Scalars]) -> None:
        """Appends the scalars of epochs."""
        self._files[trial].add(self._rows(trial, rows))
        self._tell(name for values in rows.values() for name in values)

    def end(self, trial: str) -> None:
        """Appends the best values and the end; anew if it had ended before, as the best trial."""
        row, source = self.source.row(trial), self.source
        if row["state"] not in ENDED and row["state"] != "interrupted":
            return  # it pauses
        if trial in self._ended:
            epochs = range(1, row["epochs_run"] + 1)
            self.restart(trial)
            self.log(trial, {epoch: source.scalars(trial, epoch) for epoch in epochs})
        summary, ended = source.summary(trial), row["ended"] or time.time()
        values = [(scalar(name, v), row["epochs_run"], ended) for name, v in summary.items()]
        self._files[trial].add([*values, (session_end(row["state"], ended), 0, ended)])
        self._ended.add(trial)
        self._tell(summary)

    def close(self) -> None:
        """Writes the experiment, if there are more metrics than it has."""
        self._tell(())

    def _rows(self, trial: str, rows: Mapping[int, Scalars]) -> Values:
        history = self.source.tables.history
        for epoch, values in rows.items():
            if not values:  # an epoch that is not known
                continue
            at = history[trial, epoch]["time"] or time.time()
            for name, value in values.items():
                yield scalar(name, value), epoch, at

    def _tell(self, names: Iterable[str]) -> None:
        """Writes the experiment again if metrics are new."""
        self._metrics.update(names)
        if self._told == self._metrics:
            return
        self._told = set(self._metrics)
        started = [row["started"] for row in self.source.tables.trials.values() if row["started"]]
        created = min(started, default=time.time())
        value = experiment(self.source.sweep, sorted(self._metrics), created)
        EventFile(self._folder).add([(value, 0, created)])
