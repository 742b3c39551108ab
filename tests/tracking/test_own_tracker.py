"""Trackers of another package: their names, what they are told, and how they fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faults import write_sweep
from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.writer import ResultWriter
from tune_mc1.tracking.journal_tracker import JournalTracker
from tune_mc1.tracking.tracker import TRACKERS, make_trackers, set_up_trackers

PARAMETERS = {"parameters": {"learning_rate": {"values": [0.01, 0.03]}, "epochs": {"value": 2}}}


@pytest.mark.parametrize(
    ("value", "names"),
    [("wandb", ("wandb",)), ("a, b", ("a", "b")), (["b", "a"], ("b", "a")), ("none", ()), ([], ())],
)
def test_trackers_in_a_sweep_file(tmp_path: Path, value: object, names: tuple[str, ...]) -> None:
    sweep = load_sweep(write_sweep(tmp_path, PARAMETERS | {"tracker": value})).sweep
    assert sweep.tracker == names
    again = tmp_path / "again.yaml"
    again.write_text(config_to_yaml(sweep))
    assert load_sweep(again).sweep == sweep


@pytest.mark.parametrize("value", ["none,wandb", "wandb,wandb", "", 3, [1], {"wandb": 1}])
def test_what_names_no_trackers(tmp_path: Path, value: object) -> None:
    rule = "distinct tracker names, or just none" if isinstance(value, str) else "tracker names, or"
    line = rf"sweep\.yaml:[0-9]+: tracker: must be a list of {rule}"
    with pytest.raises(InputError, match=line):
        load_sweep(write_sweep(tmp_path, PARAMETERS | {"tracker": value}))


class Recorder(JournalTracker):
    """Keeps what it is given."""

    name = "recorder"

    def __init__(self, where: ResultDir, notices: list[str]) -> None:
        super().__init__(where, notices.append)
        self.taken: list[str] = []

    def take(self, event: Event) -> None:
        self.taken.append(event["event"])
        if event["event"] == "epoch":
            self.say(f"row {self.tables.trials[event['trial']]['state']}")

    def close(self) -> None:
        self.taken.append("closed")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[ResultWriter]:
    writer = ResultWriter(ResultDir.create(tmp_path, "sweep"))
    writer.write({"event": "sweep", "metric": "val_acc", "maximize": True})
    writer.write({"event": "trial", "trial": "t0001", "config": {}, "config_hash": "", "fold": 0})
    yield writer
    writer.close()


def test_what_was_there_before_a_start_only_sets_the_scene(writer: ResultWriter) -> None:
    notices: list[str] = []
    recorder = Recorder(writer.where, notices)
    recorder.start()
    writer.write({"event": "start", "trial": "t0001", "log": "logs/t0001.log"})
    writer.write({"event": "resume"})
    recorder.finish()
    assert recorder.taken == ["start", "resume", "closed"]
    assert recorder.tables.trials == writer.tables.trials
    assert notices == []


def test_a_tracker_that_hangs_is_left(writer: ResultWriter) -> None:
    class Hanging(Recorder):
        def take(self, event: Event) -> None:
            assert self._abandoned.wait(60)

    notices: list[str] = []
    hanging = Hanging(writer.where, notices)
    hanging.start()
    writer.write({"event": "resume"}, {"event": "resume"})
    hanging.finish(0.2)
    assert notices == ["Tracker recorder: incomplete, as it did not finish in 0.2 s."]


@pytest.mark.parametrize("method", ["start", "check", "finish"])
def test_a_failure_in_any_method_is_said_once(tmp_path: Path, method: str) -> None:
    class Failing:
        def __init__(self) -> None:
            self.called: list[str] = []

        def start(self) -> None:
            self._call("start")

        def check(self) -> None:
            self._call("check")

        def finish(self, timeout_s: float | None = None) -> None:
            self._call("finish")

        def abandon(self) -> None:
            self.called.append("abandon")

        def _call(self, name: str) -> None:
            self.called.append(name)
            if name == method:
                raise OSError("gone")

    notices: list[str] = []
    failing = Failing()
    (tracker,) = make_trackers({"mine": lambda *_: failing}, ResultDir(tmp_path), notices.append)
    tracker.start()
    tracker.check()
    tracker.check()
    tracker.finish()
    assert notices == ["Tracker mine: OSError: gone. The sweep continues without it."]
    assert failing.called[-2:] == [method, "abandon"]


def test_names_of_trackers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert "wandb" in TRACKERS
    assert list(set_up_trackers(None, {})) == ["wandb"]
    assert not set_up_trackers(None, {"wandb": "disabled"})
    assert not set_up_trackers((), {"wandb": None})
    rule = "^tracker: must be wandb, .* Lightning logger, did you mean 'wandb'[?], got 'wandbb'$"
    with pytest.raises(InputError, match=rule):
        set_up_trackers(["wandbb"], {})
    rule = "^--wandb: only valid with tracker wandb, got 'offline' with none$"
    with pytest.raises(InputError, match=rule):
        set_up_trackers((), {"wandb": "offline"})
