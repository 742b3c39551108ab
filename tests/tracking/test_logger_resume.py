"""Loggers that write to a server: a sweep that is resumed elsewhere sends nothing twice."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from lightning.pytorch.loggers import Logger
from mlflow import MlflowClient

from tests.tracking.test_run_trackers import LOGGERS, Sweep
from tune_mc1.config.logger_class import LoggerClass
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import end_event
from tune_mc1.results.writer import ResultWriter


class NewRuns(Logger):
    """A logger whose server knows no run again."""

    runs: ClassVar[list[list[tuple[int | None, str]]]] = []

    def __init__(self) -> None:
        super().__init__()
        self._own: list[tuple[int | None, str]] | None = None

    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        self._own = []
        self.runs.append(self._own)

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        assert self._own is not None
        self._own += [(step, name) for name in metrics if name == "loss"]

    name, version = "new runs", 0


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    made = Sweep(tmp_path)
    yield made
    made.writer.close()


def run_a_part(sweep: Sweep, tracker: LoggerClass) -> None:
    sweep.begin([tracker])
    for trial in ("t0001", "t0002"):
        sweep.start(trial)
        sweep.log(trial, 1, 0.25)
    sweep.writer.write(end_event("t0001", "completed"))
    sweep.finish()


def elsewhere(sweep: Sweep, folder: Path) -> None:
    """Goes on with what another machine gets from an object store: files, but no folders."""
    sweep.writer.close()
    there = ResultDir(folder / "elsewhere" / sweep.where.root.name)
    (there.root / "logs").mkdir(parents=True)
    for path in sweep.where.root.iterdir():
        if path.is_file():
            shutil.copy(path, there.root)
    sweep.where = there
    sweep.writer = ResultWriter(there, tables=there.read())
    sweep.writer.write({"event": "resume"})


def the_rest(sweep: Sweep, tracker: LoggerClass) -> None:
    sweep.begin([tracker])
    sweep.start("t0002")
    sweep.log("t0002", 2, 0.5)
    sweep.writer.write(end_event("t0002", "completed"))
    sweep.finish()


def test_a_server_gets_each_epoch_once(sweep: Sweep, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/server.db"
    tracker = LoggerClass(
        class_path=f"{LOGGERS}.MLFlowLogger",
        init_args={"tracking_uri": uri, "experiment_name": "all"},
    )
    run_a_part(sweep, tracker)
    elsewhere(sweep, tmp_path)
    the_rest(sweep, tracker)
    assert [text for text in sweep.notices if "waiting" not in text] == []
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("all")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    losses = {
        run.info.run_name[:5]: [m.step for m in client.get_metric_history(run.info.run_id, "loss")]
        for run in runs
    }
    assert losses == {"t0001": [1], "t0002": [1, 2]}
    assert len(runs) == 2
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_without_a_run_to_go_on_with_the_user_is_told(sweep: Sweep, tmp_path: Path) -> None:
    NewRuns.runs.clear()
    tracker = LoggerClass(class_path=f"{__name__}.NewRuns", init_args={})
    run_a_part(sweep, tracker)
    elsewhere(sweep, tmp_path)
    the_rest(sweep, tracker)
    assert NewRuns.runs == [[(1, "loss")], [(1, "loss")], [(2, "loss")]]
    (notice,) = sweep.notices
    assert notice.startswith("Tracker NewRuns: it cannot go on with a run, so that t0002 ")


def test_a_database_of_the_sweep_that_stayed_behind_is_written_anew(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # which MLFlowLogger sets for the process
    tracker = LoggerClass(class_path=f"{LOGGERS}.MLFlowLogger", init_args={})
    run_a_part(sweep, tracker)
    elsewhere(sweep, tmp_path)
    the_rest(sweep, tracker)
    assert [text for text in sweep.notices if "waiting" not in text] == []
    client = MlflowClient(tracking_uri=f"sqlite:///{sweep.where.root}/loggers/MLFlowLogger.db")
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    steps = [
        [metric.step for metric in client.get_metric_history(run.info.run_id, "loss")]
        for run in runs
    ]
    assert sorted(steps) == [[1], [1, 2]]
