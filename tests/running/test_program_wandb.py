"""W&B of a program's whole sweep: its mode, its run ids, and what the user is told."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from tests.support.in_process import Ran, disconnect, run_here, sweep_here
from tests.support.wandb_server import wandb_server
from tests.tracking.test_wandb_faults import KEY
from tune_mc1.config.load import load_sweep
from tune_mc1.planning.past import Past
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.running.program_start import own_context
from tune_mc1.tracking.journal_tracker import JournalTracker
from tune_mc1.tracking.tracker import TRACKERS
from tune_mc1.tracking.wandb.sent import sync_command

TRAIN = """
import os, time, wandb
run = wandb.init(project="of the program", config={"lr": 0})
for i in range(2):
    run.log({"acc": run.config.lr + i})
run.finish()
print("MODE", os.environ["WANDB_MODE"], os.environ.get("WANDB_API_KEY"))
"""
CONTENT: dict[str, Any] = {
    "program": "train.py",
    "name": "digits",
    "project": "ours",
    "entity": "team",
    "description": "why",
    "metric": {"name": "acc", "goal": "maximize"},
    "parameters": {"lr": {"min": 0.1, "max": 0.9}},
}


pytestmark = pytest.mark.usefixtures("wandb_as_usual")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


def sweep(folder: Path, *words: str, **content: Any) -> Ran:
    ran = sweep_here(folder, CONTENT | content, "random", "-n", "1", *words)
    assert ran.status == 0, ran.out + ran.err
    return ran


def run_names(root: Path) -> list[str]:
    files = root.glob("programs/*/wandb/*run-*/run-*.wandb")
    return sorted(file.stem.removeprefix("run-") for file in files if not file.parent.is_symlink())


class Recorder(JournalTracker):
    name = "recorder"
    seen: ClassVar[list[str]] = []

    def take(self, event: Event) -> None:
        self.seen.append(event["event"])


@pytest.fixture
def recorder() -> Iterator[type[Recorder]]:
    TRACKERS.register("recorder", lambda _: Recorder)
    Recorder.seen.clear()
    yield Recorder
    TRACKERS._parts.pop("recorder")


def test_run_ids_are_those_of_the_sweep(folder: Path) -> None:
    first = sweep(folder)
    id_ = first.events("sweep")[0]["id"]
    assert run_names(first.root) == [f"{id_}-t0001"]
    (notice,) = [line for line in (first.out + first.err).splitlines() if "W&B" in line]
    assert notice.endswith(
        f"W&B: 1 run is recorded offline. {sync_command(ResultDir(first.root))} uploads it."
    )
    with (first.root / "journal.jsonl").open("a") as journal:  # as if it were killed now
        event = {"event": "start", "trial": "t0001", "log": "logs/t0001.log", "time": time.time()}
        journal.write(json.dumps(event) + "\n")
    words = ("sweep", "random", "sweep.yaml", "-n", "1", "--resume", first.root)
    resumed = run_here(*words, cwd=folder)
    assert resumed.returncode == 0, resumed.stderr
    assert run_names(first.root) == [f"{id_}-t0001"] * 2


def test_sweeps_of_one_second_have_different_run_ids(folder: Path) -> None:
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump(CONTENT))
    plan = Plan("random", load_sweep(file).sweep, [])
    where = ResultDir.create(folder / "out", "same")
    again = Past()
    again.tables.metadata["id"] = "12345678"
    contexts = [
        own_context(plan, where, past, "offline", here=True) for past in (Past(), Past(), again)
    ]
    ids = [context.id for context in contexts if context is not None]
    assert len(set(ids)) == 3
    assert ids[2] == "12345678"


def test_without_the_tracker_wandb_sends_nothing(
    folder: Path, recorder: type[Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    for name, words, content in (
        ("a", (), {"tracker": "recorder"}),
        ("b", (), {"tracker": "none"}),
        ("c", ("--wandb", "disabled"), {}),
    ):
        here = folder / name
        here.mkdir()
        (here / "train.py").write_text(TRAIN)
        ran = sweep(here, *words, **content)
        assert "W&B" not in ran.out + ran.err
        assert "MODE offline None" in (ran.root / "logs" / "t0001.log").read_text()
        assert len(run_names(ran.root)) == 1
    assert recorder.seen[-2:] == ["end", "close"]


def test_online_programs_log_to_the_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        disconnect()  # the processes of Ray have the environment of its start
        try:
            ran = sweep(folder)
        finally:
            disconnect()
        said = ran.out + ran.err  # on a busy machine it may say that it waits
        assert "not complete" not in said
        assert "wandb sync" not in said
        (name,) = run_names(ran.root)
        assert [round(row["acc"] % 1, 6) for row in server.history[name]] == [
            round(json.loads(server.heads[name]["config"])["lr"]["value"], 6)
        ] * 2
        assert server.groups == {name: ran.root.name}
        assert server.projects == {name: ("team", "ours")}
        assert server.heads[name]["notes"] == "why"
        assert server.heads[name]["displayName"].startswith("t0001 lr=0.")
        assert (server.exit_codes[name], server.summary[name]["state"]) == (0, "completed")
