"""Results for other tools, read by these tools themselves."""

import csv
import math
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages.journal import JournalFileBackend
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata

from tests.support.in_process import run_here
from tests.support.program_sweeps import METRIC, ODD, RATE, odd_metrics, write_program_sweep
from tune_mc1.config.load import load_sweep
from tune_mc1.config.parameters import Parameter
from tune_mc1.errors import InputError
from tune_mc1.exports.optuna_space import distribution
from tune_mc1.exports.results import export_results
from tune_mc1.results.directory import ResultDir

STATES = {"t0001": "failed", "t0002": "diverged", "t0005": "interrupted"}
FREE = ODD[: ODD.index("early_terminate")]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> ResultDir:
    """Parameters of every kind, a metric that is missing once, states of every kind."""

    def logged(values: Any, trial: int, iteration: int) -> dict[str, float]:
        found = odd_metrics(values, trial, iteration)
        if trial == 2 and iteration == 9:
            found["val/loss"] = math.nan
        return found

    return write_program_sweep(tmp_path_factory.mktemp("odd") / "odd", FREE, logged, states=STATES)


def study_of(file: Path, name: str = "odd") -> optuna.Study:
    return optuna.load_study(
        study_name=name, storage=optuna.storages.JournalStorage(JournalFileBackend(str(file)))
    )


def test_optuna_has_the_trials_as_the_sweep_ranks_them(where: ResultDir, tmp_path: Path) -> None:
    file = tmp_path / "all.log"
    for _ in range(2):  # the second time it replaces the study
        export_results(where, "optuna", file)
    study, tables = study_of(file), where.read()
    assert optuna.study.get_all_study_names(study._storage) == ["odd"]
    assert (study.metric_names, study.direction.name) == ([METRIC], "MAXIMIZE")
    states = Counter(trial.state.name for trial in study.trials)
    assert states == {"COMPLETE": 24, "FAIL": 3}
    best = next(row for row in tables.ranked() if row["state"] == "completed")
    assert study.best_trial.user_attrs["trial"] == best["trial"]
    assert study.best_value == tables.score(best)
    by_id = {trial.user_attrs["trial"]: trial for trial in study.trials}
    assert by_id["t0002"].user_attrs["state"] == "diverged"
    for trial, row in tables.trials.items():
        made, values = by_id[trial], tables.columns.values(row)
        assert made.params[RATE] == values[RATE]
        assert made.params["scheduler"] == values["scheduler"]  # null is one of its values
        curve = {e: r[METRIC] for (t, e), r in tables.history.items() if t == trial}
        assert made.intermediate_values == curve
        assert made.user_attrs["last_train/loss"] == row["last_train/loss"]
        assert made.datetime_start is not None
        assert made.datetime_start.timestamp() == pytest.approx(row["started"], abs=1e-3)
    space = study.trials[0].distributions
    assert space[RATE] == FloatDistribution(0.001, 0.3, log=True)
    assert space["scheduler"] == CategoricalDistribution((None, "cosine", "step"))
    hidden = space["hidden-layers"]
    assert isinstance(hidden, CategoricalDistribution)
    assert hidden.choices == ("[32]", "[32, 64]", "[64, 64, 128]")
    with pytest.raises(InputError, match="must be a journal of Optuna or a new file"):
        export_results(where, "optuna", where.sweep_file)


def test_a_stopped_trial_is_pruned(tmp_path: Path) -> None:
    where = write_program_sweep(tmp_path / "asha", ODD)
    export_results(where, "optuna", None)
    study = study_of(where.root / "export" / "optuna.log", "asha")
    stopped = [row["trial"] for row in where.read().trials.values() if row["state"] == "stopped"]
    pruned = [t.user_attrs["trial"] for t in study.trials if t.state.name == "PRUNED"]
    assert pruned == stopped != []


SPACE: dict[str, tuple[str, list[Any]]] = {
    "a": ("{distribution: q_uniform, min: 0.1, max: 0.9, q: 0.2}", [0.2, 0.8]),
    "b": ("{min: 2, max: 9}", [2, 12]),  # 12 of an earlier range
    "c": ("{distribution: log_uniform_values, min: 0.001, max: 1, zero: 0.1}", [0.0, 0.5]),
    "d": ("{distribution: normal, mu: 1, sigma: 2}", [3.5]),
    "e": ("{distribution: q_log_uniform_values, min: 1, max: 64, q: 1}", [4]),
    "f": ("{values: [1, true, text], probabilities: [0.5, 0.25, 0.25]}", [True, [1, 2]]),
    "g": ("{distribution: beta, a: 2, b: 5}", [0.25]),
}
EXPECTED = {
    "a": FloatDistribution(0.2, 0.8, step=0.2),
    "b": IntDistribution(2, 12),
    "c": FloatDistribution(0.0, 1.0),
    "d": FloatDistribution(-11.0, 13.0),
    "e": IntDistribution(1, 64, log=True),
    "f": CategoricalDistribution((1, True, "text", "[1, 2]")),
    "g": FloatDistribution(0.0, 1.0),
}


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parameter]:
    file = tmp_path_factory.mktemp("space") / "s.yaml"
    lines = "".join(f"  {name}: {text}\n" for name, (text, _) in SPACE.items())
    file.write_text(f"program: p.py\nmethod: random\nparameters:\n{lines}")
    return load_sweep(file).sweep.parameters


@pytest.mark.parametrize("name", SPACE)
def test_distributions(parameters: dict[str, Parameter], name: str) -> None:
    tried = [str(v) if isinstance(v, list) else v for v in SPACE[name][1]]
    found = distribution(parameters[name], tried)
    assert found == EXPECTED[name]
    assert all(found._contains(found.to_internal_repr(value)) for value in tried)


def test_tensorboard_has_every_epoch_once_and_hparams(where: ResultDir, tmp_path: Path) -> None:
    made = export_results(where, "tensorboard", None)
    export_results(where, "tensorboard", None)
    events = EventMultiplexer().AddRunsFromDirectory(made.output)
    events.Reload()
    tables = where.read()
    assert set(events.Runs()) == {".", *tables.trials}
    curve = [(event.step, event.value) for event in events.Scalars("t0003", METRIC)]
    rows = [(e, pytest.approx(r[METRIC])) for (t, e), r in tables.history.items() if t == "t0003"]
    assert curve == rows
    assert [event.step for event in events.Scalars("t0002", "val/loss")] == list(range(1, 9))
    (best,) = events.Scalars("t0003", f"best_{METRIC}")
    assert best.value == pytest.approx(tables.trials["t0003"][f"best_{METRIC}"])
    told = events.SummaryMetadata(".", metadata.EXPERIMENT_TAG).plugin_data.content
    experiment = metadata.parse_experiment_plugin_data(told)
    assert [info.name for info in experiment.hparam_infos] == list(
        load_sweep(where.sweep_file).sweep.parameters
    )
    assert METRIC in {info.name.tag for info in experiment.metric_infos}
    start = events.SummaryMetadata("t0003", metadata.SESSION_START_INFO_TAG).plugin_data.content
    hparams = metadata.parse_session_start_info_plugin_data(start).hparams
    assert hparams[RATE].number_value == tables.trials["t0003"][RATE]
    end = events.SummaryMetadata("t0001", metadata.SESSION_END_INFO_TAG).plugin_data.content
    assert metadata.parse_session_end_info_plugin_data(end).status == 2  # failure
    with pytest.raises(InputError, match="must be a folder that is new or empty"):
        export_results(where, "tensorboard", where.root)


def runs_of(uri: str, name: str = "odd") -> tuple[MlflowClient, dict[str, Run]]:
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    return client, {run.data.tags["tune_mc1.trial"]: run for run in runs}


def test_mlflow_has_every_epoch_once(where: ResultDir, tmp_path: Path) -> None:
    for _ in range(2):
        made = export_results(where, "mlflow", tmp_path / "mlflow.db")
    client, runs = runs_of(f"sqlite:///{made.output}")
    tables = where.read()
    assert sorted(runs) == list(tables.trials)
    states = Counter(run.info.status for run in runs.values())
    assert states == {"FINISHED": 25, "FAILED": 1, "KILLED": 1}
    run = runs["t0003"]
    name = METRIC.replace("(", "_").replace(")", "_")  # which MLflow refuses
    curve = [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
    assert curve == [(e, r[METRIC]) for (t, e), r in tables.history.items() if t == "t0003"]
    history = client.get_metric_history(runs["t0002"].info.run_id, "val/loss")
    assert [metric.step for metric in history] == list(range(1, 9))
    assert float(run.data.params[RATE]) == tables.trials["t0003"][RATE]
    assert run.data.metrics[f"best_{name}"] == tables.trials["t0003"][f"best_{METRIC}"]
    assert runs["t0002"].data.tags["tune_mc1.state"] == "diverged"


def test_csv_has_the_columns_of_the_tables(where: ResultDir, tmp_path: Path) -> None:
    done = run_here(
        "export", "results", where.root, "--to", "csv", "-o", tmp_path / "c", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Results: {tmp_path / 'c'} (27 trials)\n"
    tables = where.read()
    with (tmp_path / "c" / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {(row["trial"], int(row["epoch"])): row for row in rows}
    assert list(found) == list(tables.history)
    assert list(rows[0]) == tables.columns.history_schema().names
    assert found["t0002", 9]["val/loss"] == ""
    for key, row in tables.history.items():
        assert float(found[key][METRIC]) == row[METRIC]
    assert {path.name for path in (tmp_path / "c").iterdir()} == {
        *("trials.csv", "history.csv", "settings.csv"),
    }


def test_what_cannot_be_exported(where: ResultDir, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^-o: must be a path for csv, got 's3://b/c'$"):
        export_results(where, "csv", "s3://b/c")
    with pytest.raises(InputError, match=r"must be a file such as optuna\.log"):
        export_results(where, "optuna", where.root)
    for name, extra in (("optuna", "bayes"), ("tensorboard", "tensorboard"), ("mlflow", "mlflow")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, None)
            with pytest.raises(InputError, match=rf"pip install 'tune_mc1\[{extra}\]'$"):
                export_results(where, name, None)  # type: ignore[arg-type]


@pytest.mark.slow
def test_optuna_dashboard_opens_the_study(where: ResultDir, tmp_path: Path) -> None:
    """Installs optuna-dashboard beside this environment's packages, and asks it for the trials."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    command: list[str | Path] = [python, "-m", "pip", "install", "-q", "optuna-dashboard"]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("optuna-dashboard cannot be installed here")
    made = export_results(where, "optuna", tmp_path / "optuna.log")
    command = [tmp_path / "venv" / "bin" / "optuna-dashboard", "--port", "18973", made.output]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        page = _answer("http://127.0.0.1:18973/api/studies/0?after=0")
    finally:
        server.terminate()
        server.wait()
    import json

    found = json.loads(page)
    assert len(found["trials"]) == 27
    assert found["best_trials"]


def _answer(url: str) -> bytes:
    for _ in range(120):
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                read: bytes = reply.read()
                return read
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"no answer from {url}")
