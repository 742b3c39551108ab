"""Runs of MLflow, written by its client to a server or a database file.

MLflow stopped writing folders of files (`mlruns`) in version 3: a local store is an SQLite file.
"""

import json
import logging
import os
import posixpath
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tune_mc1.tracking.trial_runs import Scalars, Source, TrialRuns

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a sweep tells nobody by itself

from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.tracking import MlflowClient

TRIAL = "tune_mc1.trial"
"""Tag by which the run of a trial is found again."""

STATUS = {
    **dict.fromkeys(("completed", "stopped", "diverged"), "FINISHED"),
    "failed": "FAILED",
    **dict.fromkeys(("interrupted", "dropped"), "KILLED"),
}
"""Status of a run by the state of its trial; one that pauses is `SCHEDULED`."""

METRICS, PARAMS, LONGEST = 1000, 100, 6000
"""MLflow's limits: metrics and parameters of a request, characters of a value."""


class MLflowRuns(TrialRuns):
    """The runs of a sweep, found by a tag, so that a resumed sweep continues them.

    Args:
        source: What they are written from.
        uri: MLflow's tracking URI.
        artifacts: Where an experiment of a local database would keep files.
    """

    def __init__(self, source: Source, uri: str, artifacts: Path) -> None:
        super().__init__(source)
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = MlflowClient(tracking_uri=uri)
        self._artifacts = artifacts.as_uri() if uri.startswith("sqlite:") else None
        self._ids: dict[str, str] = {}
        self._running: set[str] = set()

    def begin(self) -> None:
        """Finds or creates the experiment, and finds its runs."""
        name, sweep = self.source.name, self.source.sweep
        experiment = self._client.get_experiment_by_name(name)
        if experiment is not None:
            self._experiment = experiment.experiment_id
            self._ids = self._found()
            return
        self._experiment = self._client.create_experiment(name, self._artifacts)
        if sweep.description:
            self._client.set_experiment_tag(
                self._experiment, "mlflow.note.content", sweep.description
            )

    def open(self, trial: str) -> Mapping[int, Scalars]:
        """Finds or creates the run; one that has other parameters is replaced."""
        if trial not in self._ids:
            self._create(trial)
            return {}
        run = self._client.get_run(self._ids[trial])
        if dict(run.data.params) != self._parameters(trial):
            self.restart(trial)
            return {}
        if run.info.status == "RUNNING":
            self._running.add(trial)
        row = self.source.row(trial)
        told = (run.info.status, run.data.tags.get("tune_mc1.epochs_run"))
        if told == (STATUS.get(row["state"]), str(row["epochs_run"])):  # set when all was written
            epochs = (e for e in range(1, row["epochs_run"] + 1))
            return {e: values for e in epochs if (values := self.source.scalars(trial, e))}
        return self._held(run.info.run_id, list(run.data.metrics), trial)

    def restart(self, trial: str) -> None:
        """Deletes the run, as MLflow does: it can be restored, but is no longer shown."""
        self._client.delete_run(self._ids.pop(trial))
        self._create(trial)

    def log(self, trial: str, rows: Mapping[int, Scalars]) -> None:
        """Adds metrics, at step = epoch, with the time of the epoch."""
        history = self.source.tables.history
        self._set_running(trial)
        self._send(
            trial,
            [
                Metric(legal(name), value, _ms(history[trial, epoch]["time"]), epoch)
                for epoch, values in rows.items()
                for name, value in values.items()
            ],
        )

    def end(self, trial: str) -> None:
        """Adds the summary, as metrics and tags, and sets the status."""
        run_id, row = self._ids[trial], self.source.row(trial)
        known = self._client.get_run(run_id).data.metrics
        at, last = _ms(row["ended"]), row["epochs_run"]
        summary = self.source.summary(trial).items()
        values = {legal(name): value for name, value in summary}
        new = [Metric(n, v, at, last) for n, v in values.items() if known.get(n) != v]
        self._send(trial, new, self._tags(trial))
        status = STATUS.get(row["state"], "SCHEDULED")
        self._running.discard(trial)
        if status == "SCHEDULED":
            self._client.update_run(run_id, status)
        else:
            self._client.set_terminated(run_id, status, end_time=at)

    def _found(self) -> dict[str, str]:
        found: dict[str, str] = {}
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [self._experiment], run_view_type=ViewType.ACTIVE_ONLY, page_token=token
            )
            for run in page:
                if TRIAL in run.data.tags:
                    found[run.data.tags[TRIAL]] = run.info.run_id
            token = page.token
            if not token:
                return found

    def _create(self, trial: str) -> None:
        started = _ms(self.source.row(trial)["started"])
        name = self.source.run_name(trial)
        tags = {TRIAL: trial, "tune_mc1.sweep": self.source.name}
        run = self._client.create_run(self._experiment, started, tags, run_name=name)
        self._ids[trial] = run.info.run_id
        self._running.add(trial)
        params = [Param(name, value) for name, value in self._parameters(trial).items()]
        for i in range(0, len(params), PARAMS):
            self._client.log_batch(run.info.run_id, params=params[i : i + PARAMS])

    def _parameters(self, trial: str) -> dict[str, str]:
        return {legal(n): _text(v)[:LONGEST] for n, v in self.source.config(trial).items()}

    def _set_running(self, trial: str) -> None:
        """A run that had ended, or paused, goes on."""
        if trial not in self._running and self.source.row(trial)["state"] == "running":
            self._client.update_run(self._ids[trial], "RUNNING")
            self._running.add(trial)

    def _send(self, trial: str, metrics: Sequence[Metric], tags: Sequence[RunTag] = ()) -> None:
        for i in range(0, len(metrics), METRICS):
            self._client.log_batch(self._ids[trial], metrics=metrics[i : i + METRICS])
        if tags:
            self._client.log_batch(self._ids[trial], tags=tags)

    def _tags(self, trial: str) -> list[RunTag]:
        facts = self.source.facts(trial).items()
        return [RunTag(f"tune_mc1.{name}", str(value)[:LONGEST]) for name, value in facts]

    def _held(self, run_id: str, names: Sequence[str], trial: str) -> Mapping[int, Scalars]:
        """Values of epochs that a run has, by the names of the tables."""
        source, held = self.source, dict[int, dict[str, float]]()
        columns = source.tables.columns.history_schema().names
        own = {legal(column): column for column in columns}
        for name in names:
            if name in own:
                for metric in self._client.get_metric_history(run_id, name):
                    held.setdefault(metric.step, {})[own[name]] = metric.value
        return held


def legal(name: str) -> str:
    """A name without characters that MLflow refuses."""
    legal = re.sub(r"[^\w\-./ :]", "_", name)
    normal = posixpath.normpath(legal)
    if normal != legal or normal == "." or normal.startswith(("..", "/")):
        legal = legal.replace("/", "_").strip(".") or "_"
    return legal[:250]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _ms(seconds: float | None) -> int:
    """Milliseconds since 1970, as MLflow has times."""
    return round((time.time() if seconds is None else seconds) * 1000)
