"""`wandb sync` sends the runs that a program's trials have logged by themselves, each once."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.programs.test_run_end import KILLED, TWO, file_of
from tests.support.program_sweep import ProgramSweepPlay
from tests.support.wandb_server import WandbServer, wandb_server
from tests.support.warm_commands import Command
from tests.tracking.test_wandb_faults import KEY
from tune_mc1.file_lock import locked
from tune_mc1.tracking.wandb.mode import server as server_name
from tune_mc1.tracking.wandb.program_runs import ProgramRuns
from tune_mc1.tracking.wandb.sent import sync_command


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_INIT_TIMEOUT", "4")
        monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "30")
        yield server


def begin(root: Path, **variables: str) -> Command:
    return Command(("wandb", "sync", root), Path.cwd(), os.environ | variables)


def sync(sweep: ProgramSweepPlay, **variables: str) -> tuple[int, str, str]:
    process = begin(sweep.where.root, **variables)
    out, errors = process.communicate(timeout=100)
    return process.wait(), out, errors


def told(count: int, total: int, known: int) -> str:
    sent = f"{count} of {total} runs sent to {server_name()}"
    return f"W&B: {sent}, {known} were already there.\n"


def accuracies(server: WandbServer, sweep: ProgramSweepPlay, trial: str) -> list[float]:
    return [row["acc"] for row in server.history[f"{sweep.id}-{trial}"]]


def test_what_is_new_is_sent_once(server: WandbServer, tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1")
    sweep.run("t2", "time.sleep(60)", report=lambda its: len(its) == 3)
    assert sync(sweep) == (0, told(2, 2, 0), "")
    sweep.run("t3", "raise SystemExit(7)")
    sweep.run("t4", KILLED, state="interrupted")
    sweep.run("t5", code="import tune_mc1; tune_mc1.report({'acc': 1})")
    taken = server.rows_taken
    assert sync(sweep, WANDB_MODE="offline") == (0, told(2, 4, 2), "")
    assert server.rows_taken == taken + 6
    ends = {"t1": ("completed", 0), "t2": ("stopped", 0), "t3": ("failed", 7),
            "t4": ("interrupted", 255)}  # fmt: skip
    for trial, (state, code) in ends.items():
        name = f"{sweep.id}-{trial}"
        assert accuracies(server, sweep, trial) == [0, 0.1, 0.2]
        assert server.exit_codes[name] == code
        assert (server.summary[name]["state"], server.summary[name]["acc"]) == (state, 0.2)
        assert server.groups[name] == sweep.where.root.name
        assert server.projects[name] == ("team", "digits")
        head = server.heads[name]
        assert (head["notes"], head["displayName"]) == ("why", f"{trial} logs=3")
        assert head["jobType"] == "trial"
        config = json.loads(head["config"])
        assert config["logs"]["value"] == 3
    assert any("media/images/picture" in path for path in server.requests)

    requests = len(server.requests)
    assert sync(sweep) == (0, told(0, 4, 4), "")
    assert len(server.requests) == requests
    (sweep.where.root / "wandb-sent.jsonl").unlink()  # then it asks, and still sends nothing
    opened = len(server.opened)
    assert sync(sweep) == (0, told(0, 4, 4), "")
    assert len(server.opened) == opened
    assert not sweep.where.wandb.exists()

    sweep.run("t4", logs=4)
    assert sync(sweep) == (0, told(1, 4, 3), "")
    assert accuracies(server, sweep, "t4") == [0, 0.1, 0.2, 0.3]
    assert server.exit_codes[f"{sweep.id}-t4"] == 0
    assert server.summary[f"{sweep.id}-t4"]["state"] == "completed"


def test_of_several_runs_the_one_with_the_metric_is_sent(
    server: WandbServer, tmp_path: Path
) -> None:
    sweep = ProgramSweepPlay(tmp_path, "disabled")
    sweep.run("t1", code=TWO)
    assert sync(sweep) == (0, told(1, 1, 0), "")
    assert accuracies(server, sweep, "t1") == [1, 1.1, 1.2]


def test_a_trial_that_still_runs_is_left_for_later(server: WandbServer, tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1")
    sweep.run("t2", KILLED, state="running")
    with locked(sweep.where.lock, wait=False):
        status, out, errors = sync(sweep)
    assert (status, errors) == (0, "")
    assert out == told(1, 1, 0).strip() + " t2 still runs: send it again when it has ended.\n"
    assert sync(sweep) == (0, told(1, 2, 1), "")  # the sweep was killed, and the trial with it
    assert server.exit_codes[f"{sweep.id}-t2"] == 255


FAULTS = {
    "500": ("", "cannot be reached: no valid response within 3 s"),
    "401": ("", "cannot be reached: "),
    "400": ("file_stream", "the run of t1 could not be uploaded: "),
    "cut before": ("file_stream", "the run of t1 could not be uploaded: Timed out after "),
}


def test_servers_that_fail_have_one_line_and_get_all_later(tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1", logs=2)
    sweep.close()
    limits = {"WANDB_INIT_TIMEOUT": "3", "WANDB_FINISH_TIMEOUT": "3"}
    with ExitStack() as stack:  # all at the same time, as they are waited for
        servers = {fault: stack.enter_context(wandb_server()) for fault in FAULTS}
        roots = {}
        processes = {}
        for fault, server in servers.items():
            server.fault, server.part = fault, FAULTS[fault][0]  # type: ignore[assignment]
            root = roots[fault] = shutil.copytree(sweep.where.root, tmp_path / fault)
            key = {"WANDB_API_KEY": KEY, "WANDB_BASE_URL": server.url}
            if FAULTS[fault][0]:
                limits["WANDB_INIT_TIMEOUT"] = "30"
            processes[fault] = begin(root, **key, **limits)
        for fault, process in processes.items():
            out, errors = process.communicate(timeout=100)
            assert (process.returncode, out) == (1, ""), (fault, errors)
            (line,) = errors.splitlines()
            assert line.startswith("W&B at 127.0.0.1:")
            assert FAULTS[fault][1] in line
            assert KEY not in line
            assert line.endswith("Run the same command again to continue.)")
        for fault in ("400", "cut before"):
            servers[fault].fault = "none"
            key = {"WANDB_API_KEY": KEY, "WANDB_BASE_URL": servers[fault].url}
            process = begin(roots[fault], **key)
            assert "1 of 1 runs sent" in process.communicate(timeout=100)[0]
            assert accuracies(servers[fault], sweep, "t1") == [0, 0.1]


def test_online_the_server_hears_at_the_end_how_trials_ended(
    server: WandbServer, tmp_path: Path
) -> None:
    sweep = ProgramSweepPlay(tmp_path, "online")
    sweep.run("t1")
    sweep.run("t2", "time.sleep(60)", report=lambda its: len(its) == 3)
    sweep.run("t3", KILLED, state="interrupted")
    first = f"{sweep.id}-t1"
    assert server.exit_codes == {first: 0}
    assert accuracies(server, sweep, "t1") == [0, 0.1, 0.2]
    for trial in ("t1", "t2", "t3"):
        name = f"{sweep.id}-{trial}"
        assert server.groups[name] == sweep.where.root.name
        assert server.projects[name] == ("team", "digits")
        head = server.heads[name]
        assert (head["notes"], head["displayName"]) == ("why", f"{trial} logs=3")
        assert json.loads(head["config"])["logs"]["value"] == 3
    sweep.close()
    notices: list[str] = []
    ProgramRuns(sweep.where, "online", notices.append).finish()
    assert [notice for notice in notices if "waiting" not in notice] == []
    ends = {"t1": ("completed", 0), "t2": ("stopped", 0), "t3": ("interrupted", 255)}
    for trial, (state, code) in ends.items():
        name = f"{sweep.id}-{trial}"
        assert (server.summary[name]["state"], server.exit_codes[name]) == (state, code)
        assert accuracies(server, sweep, trial) == [0, 0.1, 0.2]
    assert "offline" not in str(file_of(sweep, "t1"))


def test_online_without_its_server_a_sweep_ends_with_one_notice(
    server: WandbServer, tmp_path: Path
) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1")
    sweep.close()
    server.fault = "500"
    notices: list[str] = []
    ProgramRuns(sweep.where, "online", notices.append).finish()
    (notice,) = [notice for notice in notices if "waiting" not in notice]
    assert "not complete" in notice
    assert sync_command(sweep.where) in notice


def test_offline_the_user_is_told_once_how_to_send(tmp_path: Path) -> None:
    sweep = ProgramSweepPlay(tmp_path)
    sweep.run("t1")
    sweep.run("t2", KILLED, state="interrupted")
    sweep.close()
    for mode, expected in (("offline", 1), ("disabled", 0)):
        notices: list[str] = []
        ProgramRuns(sweep.where, mode, notices.append).finish()  # type: ignore[arg-type]
        assert len(notices) == expected
    command = sync_command(sweep.where)
    ProgramRuns(sweep.where, "offline", notices.append).finish()
    assert notices == [f"W&B: 2 runs are recorded offline. {command} uploads them."]


def test_the_server_hears_of_an_end_while_the_sweep_goes_on(
    server: WandbServer, tmp_path: Path
) -> None:
    sweep = ProgramSweepPlay(tmp_path, "online")
    runs = ProgramRuns(sweep.where, "online", lambda _: None)
    runs.start()
    sweep.run("t1", "time.sleep(60)", report=lambda its: len(its) == 3)
    name = f"{sweep.id}-t1"
    end = time.monotonic() + 60
    while name not in server.exit_codes:  # the summary comes before
        assert time.monotonic() < end
        time.sleep(0.1)
    assert server.exit_codes[name] == 0
    assert server.summary[name]["state"] == "stopped"
    sweep.run("t2", KILLED, state="interrupted")
    sweep.close()
    runs.finish(120)  # W&B's own command takes as long as other work lets it
    assert server.summary[f"{sweep.id}-t2"]["state"] == "interrupted"
    assert len(sweep.where.root.joinpath("wandb-sent.jsonl").read_text().splitlines()) == 2
