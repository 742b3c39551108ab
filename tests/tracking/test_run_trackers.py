"""TensorBoard, MLflow and Lightning's loggers while a sweep runs, is killed, and goes on."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

from tests.support.faults import write_sweep
from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.logger_class import LoggerClass
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.errors import InputError
from tune_mc1.planning.search_space import plan_program_trials
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import end_event, epoch_event, retry_event, start_events, trial_event
from tune_mc1.results.head import sweep_event
from tune_mc1.results.writer import ResultWriter
from tune_mc1.tracking.tracker import Tracker, make_trackers, set_up_trackers

LOGGERS = "lightning.pytorch.loggers"
SERVER = LoggerClass(class_path=f"{LOGGERS}.MLFlowLogger", init_args={"prefix": "p"})
TRACKERS = ("tensorboard", "mlflow", f"{LOGGERS}.CSVLogger", f"{LOGGERS}.TensorBoardLogger", SERVER)
SWEEP = """
program: train.py
method: grid
metric: {name: acc@1, goal: maximize}
parameters:
  lr: {values: [0.1, 0.2]}
  layers: {value: [8, 8]}
  schedule: {value: null}
"""


class Sweep:
    """A sweep of a program, written event by event, and its trackers."""

    def __init__(self, folder: Path) -> None:
        self.where = ResultDir(folder / "sweep-1")
        self.where.root.mkdir()
        (self.where.root / "logs").mkdir()
        self.where.sweep_file.write_text(
            SWEEP.replace("program:", f"directory: {folder}\nprogram:")
        )
        self.notices: list[str] = []
        sweep = load_sweep(self.where.sweep_file).sweep
        assert isinstance(sweep, ProgramSweep)
        self.where.sweep_file.write_text(config_to_yaml(sweep))
        self.writer = ResultWriter(self.where)
        trials = plan_program_trials(sweep)
        self.writer.write(sweep_event(sweep, None, "abcd"), *map(trial_event, trials))
        self.trackers: list[Tracker] = []

    def begin(self, trackers: Sequence[str | LoggerClass] = TRACKERS) -> None:
        launches = set_up_trackers(trackers, {})
        self.trackers = make_trackers(launches, self.where, self.notices.append)
        for tracker in self.trackers:
            tracker.start()

    def finish(self) -> None:
        for tracker in self.trackers:
            tracker.finish(60)

    def start(self, trial: str) -> None:
        self.writer.write(*start_events([trial]))

    def log(self, trial: str, epoch: int, value: float) -> None:
        metrics = {"acc@1": value, "loss": 1 - value}
        about = {"step": epoch * 10, "seconds": 0.1, "node": "n", "device_name": "cpu"}
        self.writer.write(
            epoch_event({"trial": trial, "epoch": epoch, **about, "metrics": metrics})
        )

    def values(self, trial: str) -> list[tuple[int, float]]:
        history = self.where.read().history
        return [(epoch, row["acc@1"]) for (t, epoch), row in history.items() if t == trial]


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sweep]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # which MLFlowLogger sets for the process
    made = Sweep(tmp_path)
    yield made
    made.writer.close()


def test_every_epoch_is_there_once_after_a_crash(sweep: Sweep) -> None:
    sweep.begin()
    sweep.start("t0001")
    sweep.log("t0001", 1, 0.25)
    sweep.log("t0001", 2, 0.5)
    sweep.finish()  # as if it were killed: the rest of the journal is not followed
    sweep.log("t0001", 3, 0.375)
    sweep.writer.write({"event": "resume"})
    sweep.begin()
    sweep.start("t0001")
    sweep.log("t0001", 3, 0.375)  # again, from the checkpoint before
    sweep.log("t0001", 4, 0.75)
    sweep.writer.write(end_event("t0001", "completed"))
    sweep.start("t0002")
    sweep.log("t0002", 1, 0.5)
    sweep.writer.write(end_event("t0002", "interrupted"))
    sweep.finish()
    assert [text for text in sweep.notices if "waiting up to" not in text] == []
    assert sweep.values("t0001") == [(1, 0.25), (2, 0.5), (3, 0.375), (4, 0.75)]
    for trial in ("t0001", "t0002"):
        _check(sweep, trial)
    folder = sweep.where.root / "loggers" / "CSVLogger" / "t0001"
    assert "lr: 0.1" in (folder / "hparams.yaml").read_text()
    runs = _runs(sweep.where.root / "mlflow.db", "sweep-1")
    assert {t: run.info.status for t, run in runs.items()} == {
        **{"t0001": "FINISHED", "t0002": "KILLED"},
    }
    params = runs["t0001"].data.params
    assert params == {"lr": "0.1", "layers": "[8, 8]", "schedule": "null"}
    assert runs["t0001"].data.metrics["best_acc_1"] == 0.75


def test_a_program_that_begins_again_has_its_last_values(sweep: Sweep) -> None:
    sweep.begin()
    sweep.start("t0001")
    for epoch, value in enumerate([0.25, 0.5, 0.625], 1):
        sweep.log("t0001", epoch, value)
    sweep.finish()
    sweep.trackers = sweep.trackers[:2]  # a server of others cannot forget
    sweep.begin()
    sweep.writer.write(retry_event("t0001", "it failed"))
    sweep.start("t0001")
    sweep.log("t0001", 1, 0.75)
    sweep.log("t0001", 2, 0.875)
    sweep.writer.write(end_event("t0001", "completed"))
    sweep.finish()
    assert [text for text in sweep.notices if "waiting up to" not in text] == []
    assert sweep.values("t0001") == [(1, 0.75), (2, 0.875)]
    _check(sweep, "t0001", server=False)


def _check(sweep: Sweep, trial: str, *, server: bool = True) -> None:
    """Compares what each tracker has with the tables."""
    root, expected = sweep.where.root, sweep.values(trial)
    for folder in (root / "tensorboard" / trial, root / "loggers" / "TensorBoardLogger" / trial):
        assert _scalars(folder, "acc@1") == expected
    with (root / "loggers" / "CSVLogger" / trial / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["acc@1"]]
    assert [(int(row["step"]), float(row["acc@1"])) for row in rows] == expected
    assert _metrics(root / "mlflow.db", "sweep-1", trial, "acc_1") == expected
    if server:
        assert _logged(root / "loggers" / "MLFlowLogger.db", trial) == expected


def _scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    """Every record of a tag, also those that TensorBoard would drop."""
    files = sorted(folder.glob("events.out.tfevents.*"))
    records = (
        Event.FromString(raw) for file in files for raw in RawEventFileLoader(str(file)).Load()
    )
    return [(e.step, v.simple_value) for e in records for v in e.summary.value if v.tag == tag]


def _runs(file: Path, experiment: str) -> Mapping[str, Any]:
    client = MlflowClient(tracking_uri=f"sqlite:///{file}")
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    runs = client.search_runs([found.experiment_id])
    assert max(Counter(run.data.tags["tune_mc1.trial"] for run in runs).values()) == 1
    return {run.data.tags["tune_mc1.trial"]: run for run in runs}


def _metrics(file: Path, experiment: str, trial: str, name: str) -> list[tuple[int, float]]:
    run = _runs(file, experiment)[trial]
    client = MlflowClient(tracking_uri=f"sqlite:///{file}")
    history = client.get_metric_history(run.info.run_id, name)
    return sorted((metric.step, metric.value) for metric in history)


def _logged(file: Path, trial: str) -> list[tuple[int, float]]:
    """What Lightning's own logger of MLflow has sent."""
    client = MlflowClient(tracking_uri=f"sqlite:///{file}")
    experiment = client.get_experiment_by_name("sweep-1")
    assert experiment is not None
    (run,) = [
        run
        for run in client.search_runs([experiment.experiment_id])
        if run.info.run_name.startswith(trial)
    ]
    history = client.get_metric_history(run.info.run_id, "p-loss")
    return sorted((metric.step, 1 - metric.value) for metric in history)


BAD = [
    (f"{LOGGERS}.WandbLogger", "has one run a process; the tracker wandb has one a trial"),
    (f"{LOGGERS}.Other", "cannot be imported"),
    ("pathlib.Path", "must be a Logger of lightning.pytorch"),
    (LoggerClass(class_path=f"{LOGGERS}.CSVLogger", init_args={"x": 1}), "argument 'x' .it takes"),
    (
        LoggerClass(class_path=f"{LOGGERS}.CSVLogger", init_args={"version": 1}),
        "init_args.version: cannot be set",
    ),
]


@pytest.mark.parametrize(("given", "rule"), BAD)
def test_what_is_no_logger(given: str | LoggerClass, rule: str) -> None:
    with pytest.raises(InputError, match=rf"^tracker: [\w.]+: .*{rule}"):
        set_up_trackers([given], {})


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_what_is_not_installed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(InputError, match=rf"^{name}: .*: pip install 'tune_mc1\[{name}\]'$"):
        set_up_trackers([name], {})


def test_loggers_in_a_sweep_file(tmp_path: Path) -> None:
    path = f"{LOGGERS}.CSVLogger"
    given = ["tensorboard", {"class_path": path, "init_args": {"prefix": "a"}}]
    parameters = {"parameters": {"epochs": {"value": 1}}}
    sweep = load_sweep(write_sweep(tmp_path, parameters | {"tracker": given})).sweep
    assert sweep.tracker == ("tensorboard", LoggerClass(class_path=path, init_args={"prefix": "a"}))
    again = tmp_path / "again.yaml"
    again.write_text(config_to_yaml(sweep))
    assert load_sweep(again).sweep == sweep
    for bad, rule in (
        ([{"class_path": "Logger"}], "class_path must be like"),
        ([{"class_path": path, "init": {}}], "has class_path and init_args, not 'init'"),
        ([path, {"class_path": path}], "distinct"),
    ):
        with pytest.raises(InputError, match=rf"sweep.yaml:\d+: tracker.*{rule}"):
            load_sweep(write_sweep(tmp_path, parameters | {"tracker": bad}))
