"""Programs with results in S3: trials go on on another node, sweeps from another machine."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.support.in_process import connected, disconnect, run_here
from tests.support.object_store import ObjectStore
from tests.support.programs import LEARNS, content
from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.errors import StorageError
from tune_mc1.programs.command import Command
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.outcome import Outcome
from tune_mc1.programs.parameters_file import TrialEnvironment
from tune_mc1.programs.run_program import ProgramTrial as Attempt
from tune_mc1.programs.run_program import run_program
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store import snapshot
from tune_mc1.results.store.kept_files import LIST, NEW, KeptFiles, files_in
from tune_mc1.results.store.program_store import ProgramStore, program_files_of
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.snapshot import take_snapshot

SETTING: dict[str, Any] = {"lr": 0.1, "steps": 4, "fault": "killed"}


class Node:
    """A machine with a scratch directory of its own."""

    def __init__(self, folder: Path, remote: Remote, **setting: float) -> None:
        folder.mkdir()
        (folder / "train.py").write_text(LEARNS)
        self.folder, self.remote = folder, remote
        self.where = ResultDir(folder / "scratch")
        self.trial = ProgramTrial(id="t0001", values=SETTING | setting)

    def run(self) -> tuple[list[Iteration], Outcome]:
        seen: list[Iteration] = []
        where, trial = self.where, self.trial
        attempt = Attempt(
            command=Command(program="train.py", interpreter=sys.executable),
            parameters=trial.values,
            directory=self.folder,
            environment=TrialEnvironment(
                where.program_files(trial.id), where.checkpoints(trial.id), "s", "s-t", "s"
            ),
            log=where.log(trial.id),
            metric="val/acc",
        )

        def report(new: Sequence[Iteration]) -> bool:
            seen.extend(new)
            return False

        return seen, run_program(attempt, report)


def test_a_trial_goes_on_on_another_node(
    tmp_path: Path, remote: Remote, store: ObjectStore
) -> None:
    first = Node(tmp_path / "first", remote)
    lost = ProgramStore(remote, first.where, first.trial, keep=False)
    lost.fetch()
    assert first.run()[1].state == "failed", "it kills itself after two steps"
    lost.send_all()
    second = Node(tmp_path / "second", remote)
    (second.folder / "killed 0.1").touch()
    with program_files_of(second.trial, second.where.root, remote, keep=False):
        seen, outcome = second.run()
    assert outcome.state == "completed"
    assert [(it.number, it.step) for it in seen] == [(n, n) for n in range(1, 5)]
    assert seen[1].metrics["val.loss"] == pytest.approx(1 / 2), "from the first node"
    prefix = remote.name
    assert store.content(f"{prefix}/logs/t0001.log").decode() == "begins\n" * 2
    assert json.loads(store.content(f"{prefix}/checkpoints/t0001/step.json")) == 4
    assert not second.where.checkpoints("t0001").exists(), "the store has it"
    other = Node(tmp_path / "third", remote, lr=0.2)
    with program_files_of(other.trial, other.where.root, remote, keep=False):
        assert not files_in(other.where.checkpoints("t0001")), "it is of another setting"


def test_a_checkpoint_is_replaced_whole_or_not_at_all(
    tmp_path: Path, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    (folder / "deep").mkdir(parents=True)
    for name in ("a", "deep/b", "gone"):
        (folder / name).write_text(f"old {name}")
    kept = KeptFiles(remote, folder)
    kept.send(files_in(folder))
    (folder / "gone").unlink()
    for name in ("a", "deep/b"):
        (folder / name).write_text(f"new {name}")

    def fetched() -> dict[str, str]:
        there = tmp_path / "there"
        other = KeptFiles(remote, there)
        other.find()
        other.fetch()
        return {name: (there / name).read_text() for name in files_in(there)}

    def fails(self: Remote, name: str, *_: object) -> None:
        raise StorageError(name)

    for method in ("write", "copy"):  # before the list of the new files is there, and after
        with monkeypatch.context() as patched:
            patched.setattr(Remote, method, fails)
            if method == "write":
                patched.setattr(Remote, "put", lambda *_: None)
            with pytest.raises(StorageError):
                kept.send(files_in(folder))
        if method == "write":
            assert fetched() == {n: f"old {n}" for n in ("a", "deep/b", "gone")}
    assert f"{NEW}/{LIST}" in remote.files()
    assert fetched() == {n: f"new {n}" for n in ("a", "deep/b")}
    assert set(remote.files()) == {"a", "deep/b", LIST}
    times = {n: f.time_ns for n, f in files_in(folder).items()}
    assert times == {n: f.time_ns for n, f in files_in(tmp_path / "there").items()}


def test_a_copy_is_taken_between_two_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "IDLE_NS", 10**12)  # this machine may be busy
    folder, copies = tmp_path / "kept", tmp_path / "copies"
    folder.mkdir()
    (folder / "old").write_text("old")
    known = files_in(folder)
    code = "import sys, time; f = open(sys.argv[1], 'w'); print(); f.write('a'); f.flush(); "
    code += "input(); f.write('b')"
    words = [sys.executable, "-u", "-c", code, str(folder / "new")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdout.readline()
        assert take_snapshot(folder, known, copies) is None, "it is being written"
        writer.stdin.write(b"\n")
        writer.stdin.close()
    files = take_snapshot(folder, known, copies)
    assert files is not None
    assert set(files) == {"old", "new"}
    assert {n: (copies / n).read_text() for n in files_in(copies)} == {"new": "ab"}


def test_a_sweep_is_resumed_from_its_url_elsewhere(tmp_path: Path, store: ObjectStore) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "train.py").write_text(LEARNS)
    file = here / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(parameters={"lr": {"values": [0.1, 0.2]}})))
    words = ("sweep", "grid", "--wandb", "disabled", "--max-concurrent", "1")
    disconnect()  # the processes of Ray have the environment of its start
    connected()
    try:
        ran = run_here(*words, file, "-o", "s3://sweeps/programs", cwd=here)
        assert ran.returncode == 0, ran.stderr
        (root,) = (here / "results").iterdir()
        url, prefix = f"s3://sweeps/programs/{root.name}", f"programs/{root.name}"
        lines = store.content(f"{prefix}/journal.jsonl").splitlines(keepends=True)
        last_start = [i for i, line in enumerate(lines) if b'"start"' in line][-1]
        Remote(url).write("journal.jsonl", b"".join(lines[: last_start + 2]))  # as if killed
        for name in ("trials.parquet", "history.parquet", "settings.parquet"):
            Remote(url).delete(name)
        shutil.rmtree(here)
        resumed = run_here(*words, "--resume", url, cwd=there)
    finally:
        disconnect()
    assert resumed.returncode == 0, resumed.stderr
    assert f"directory: {here} is not here; the program runs in {there}" in resumed.stderr
    copy = there / "results" / root.name
    rows = pd.read_parquet(copy / "trials.parquet").set_index("trial")
    assert list(rows["state"]) == ["completed"] * 2
    assert list(rows["attempts"]) == [1, 2]
    assert list(rows["epochs_run"]) == [4, 4], "those before the checkpoint are kept"
    assert (copy / "logs" / "t0002.log").read_text() == "begins\n" * 2
    assert not (copy / "checkpoints" / "t0001").exists(), "only what is needed is fetched"
    assert f"{prefix}/programs/t0002/report-001.jsonl" in store.names(prefix)
