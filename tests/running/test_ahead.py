"""What a trial waits for where the driver is far away: counted in round trips, not in seconds."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial as TuneTrial

from tests.support.faults import history
from tests.support.in_process import sweep_here
from tune_mc1.cluster import nodes
from tune_mc1.data.images import ImageData
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare
from tune_mc1.planning.resources import TrialResources
from tune_mc1.running import decisions
from tune_mc1.running.ahead import ReportsAhead
from tune_mc1.running.callbacks.spare import SpareProcess
from tune_mc1.running.steering import signals
from tune_mc1.running.steering.signals import Listener
from tune_mc1.training.run_trials import run_trials

EPOCHS = 4
OFF = ("--wandb", "disabled")


class FarDriver:
    """Takes reports, and answers when it is told to."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.answers = Event()

    def report(self, result: dict[str, Any]) -> None:
        self.reports.append(result)
        assert self.answers.wait(20)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarDriver]:
    far = FarDriver()
    monkeypatch.setattr("tune_mc1.running.ahead.tune.report", far.report)
    yield far
    far.answers.set()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the calls of each kind from the driver to the processes of trials."""
    counted: Counter[str] = Counter()
    real = TuneController._schedule_trial_task

    def counting(self: Any, trial: Any, method_name: str, **more: Any) -> Any:
        counted[method_name] += 1
        return real(self, trial=trial, method_name=method_name, **more)

    monkeypatch.setattr(TuneController, "_schedule_trial_task", counting)
    return counted


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "seed": {"values": [1, 2, 3]},
            "epochs": {"value": EPOCHS},
        },
        "data": str(image_dir),
        "limit_images": 0.2,
        "fuse": "off",
        **keys,
    }


def test_a_trial_goes_on_while_its_report_is_under_way(driver: FarDriver) -> None:
    reports = ReportsAhead()
    row = {"trial": "t1", "epoch": 1}
    reports.send({"rows": [row]})
    assert reports.unsent == [row]
    driver.answers.set()
    reports.send({"rows": []})  # one at a time: it has waited for the first
    reports.wait()
    assert len(driver.reports) == 2
    assert not reports.unsent


def test_a_trial_that_is_stopped_ends_with_its_next_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(_: object) -> None:
        raise SystemExit(0)

    monkeypatch.setattr("tune_mc1.running.ahead.tune.report", stop)
    reports = ReportsAhead()
    reports.send({"rows": []})
    with pytest.raises(SystemExit):
        reports.wait()


def test_rows_that_may_not_have_arrived_are_in_the_next_checkpoint(
    tmp_path: Path, images: ImageData, driver: FarDriver
) -> None:
    """So a trial ahead of the driver, whose process is lost, loses no row."""
    plan = prepare("grid", None, PlanFlags.of(["epochs=2", "model=CNN_simple"], data="shapes10"))
    trial = plan.training_trials[0]
    validation = plan.sweep.validation

    class LostError(Exception):
        pass

    class Far:
        def __init__(self) -> None:
            self.ahead = ReportsAhead()

        @property
        def unsent(self) -> Any:
            return self.ahead.unsent

        def __call__(self, rows: Any, ends: Any = ()) -> Any:
            if rows[-1]["epoch"] == 2:
                raise LostError
            self.ahead.send({"rows": rows})
            return ()

    with pytest.raises(LostError):
        run_trials([trial], images, validation, checkpoints=tmp_path.joinpath, report=Far())
    (first,) = driver.reports[0]["rows"]
    heard: list[Any] = []

    def here(rows: Any, ends: Any = ()) -> Any:
        heard.extend(rows)
        return ()

    run_trials([trial], images, validation, checkpoints=tmp_path.joinpath, report=here)
    assert [row["epoch"] for row in heard] == [1, 2]
    assert heard[0] == first


@pytest.mark.parametrize(
    ("keys", "more"),
    [
        ({}, 0),
        ({"fuse": 3}, 0),
        ({"budget": {"epochs": 1000}}, 1),
    ],
    ids=["alone", "fused", "decided"],
)
def test_calls_to_a_trial(
    tmp_path: Path, image_dir: Path, calls: Counter[str], keys: dict[str, Any], more: int
) -> None:
    """One a report and one to take over a process; the last report ends the trial."""
    ran = sweep_here(tmp_path, content(image_dir, **keys), "grid", *OFF)
    assert ran.status == 0, ran.err
    groups = 1 if "fuse" in keys else 3
    assert calls["train"] == groups * (EPOCHS + more)
    assert calls["reset"] < groups
    assert len(history(ran.root)) == 3 * EPOCHS
    assert len(ran.events("end")) == 3


@pytest.mark.parametrize(
    ("method", "keys"),
    [
        ("grid", {"early_terminate": {"type": "asha", "min_iter": 2, "eta": 2}}),
        ("grid", {"early_terminate": {"type": "asha", "min_iter": 2, "eta": 2}, "fuse": 3}),
        ("bayes", {"early_terminate": None, "run_cap": 3}),
    ],
    ids=["rungs", "rungs fused", "learns"],
)
def test_calls_where_something_is_decided(
    tmp_path: Path, image_dir: Path, calls: Counter[str], method: str, keys: dict[str, Any]
) -> None:
    """No more than one a report: the last one, at no rung, ends the trial."""
    ran = sweep_here(tmp_path, content(image_dir, **keys), method, *OFF)
    assert ran.status == 0, ran.err
    rows = history(ran.root)
    assert len(rows) >= EPOCHS
    reports = len(rows) if keys.get("fuse") is None else rows["epoch"].max()
    assert calls["train"] == reports


def test_a_look_for_words_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Event()
    looks = []

    def told(key: str) -> bytes:
        looks.append(key)
        assert answers.wait(20)
        return b'{"stop": ["t1"], "void": ["a"]}'

    monkeypatch.setattr(signals, "told", told)
    monkeypatch.setattr(Listener, "ran_before", True)
    listener = Listener("key")
    assert not listener.is_void("a"), "a process that ran before was given what it is to run"
    assert listener.stops(["t1"]) == []
    assert listener.stops(["t1"]) == []
    answers.set()
    assert listener._look is not None
    listener._look.result(20)
    assert listener.stops(["t1", "t2"]) == ["t1"]
    assert len(looks) == 1


def test_a_new_process_waits_for_the_word_that_its_start_is_void(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signals, "told", lambda _: b'{"void": ["a"]}')
    monkeypatch.setattr(Listener, "ran_before", False)
    assert Listener("key").is_void("a")


def test_a_group_asks_before_it_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are under way at the same time."""
    order: list[str] = []

    def take(report: str) -> str:
        order.append(f"asked {report}")
        return report

    actor = SimpleNamespace(take=SimpleNamespace(remote=take))
    monkeypatch.setattr("tune_mc1.running.decisions.ray.get", lambda answer: [f"stop of {answer}"])
    answer = decisions.asking(actor, "r1")
    order.append("reported")
    assert answer() == ["stop of r1"]
    assert order == ["asked r1", "reported"]


def test_a_step_of_the_driver_waits_for_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials that still run on a cluster would wait for it with their reports."""

    def sleep(_: float) -> None:
        raise AssertionError("the driver waits")

    monkeypatch.setattr(nodes, "free_resources", lambda: {"a": {"CPU": 0.0}})
    monkeypatch.setattr(nodes, "_resources", lambda: {"a": {"CPU": 2.0}})
    monkeypatch.setattr(nodes, "other_drivers", lambda: False)
    monkeypatch.setattr("tune_mc1.cluster.nodes.time.sleep", sleep)
    spare = SpareProcess(2, TrialResources(cpu=1, gpu=0), own=False, interval_s=0)
    running: Any = SimpleNamespace(status=TuneTrial.RUNNING)
    spare.on_trial_complete(1, [running, running], running)
    spare.on_step_end(1, [running, running])
    assert spare.process is None
