"""`wandb sync` sends what the server lacks, once, whatever happened before or comes in between."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.support.played_sweep import RATES, RUN_IDS, Run, Sweep, wait_until_gone
from tests.support.wandb_server import WandbServer, wandb_server
from tests.support.warm_commands import Command
from tests.tracking.test_wandb_faults import KEY, refusing_port
from tune_mc1.tracking.wandb.mirror import WandbMirror
from tune_mc1.tracking.wandb.mode import server as server_name
from tune_mc1.tracking.wandb.sent import BusyError, Sent


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    sweep = Sweep(tmp_path)
    yield sweep
    sweep.mirror.finish(0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_INIT_TIMEOUT", "4")
        monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "4")
        yield server


def begin(sweep: Sweep, **variables: str) -> Command:
    root = sweep.where.root
    return Command(("wandb", "sync", root), Path.cwd(), os.environ | variables)


def sync(sweep: Sweep, **variables: str) -> tuple[int, str, str]:
    process = begin(sweep, **variables)
    out, errors = process.communicate(timeout=100)
    return process.wait(), out, errors


def names(sweep: Sweep) -> dict[str, str]:
    return {trial: f"{RUN_IDS}-{trial}" for trial in RATES}


def assert_all_there(server: WandbServer, sweep: Sweep) -> None:
    """Every epoch of the tables stands in the server's record once, and so do the last values."""
    tables = sweep.where.read()
    for trial, name in names(sweep).items():
        expected = [row["val_acc"] for (t, _), row in tables.history.items() if t == trial]
        rows = server.history[name]
        assert [row["_step"] for row in rows] == list(range(1, len(expected) + 1))
        assert [row["val_acc"] for row in rows] == expected
        for key in ("state", "epochs_run", "best_val_acc", "test_acc"):
            assert server.summary[name].get(key) == tables.trials[trial][key], (trial, key)
    assert set(server.groups) == set(names(sweep).values())


def test_a_running_sweep_is_sent_and_later_the_rest_of_it(
    server: WandbServer, sweep: Sweep
) -> None:
    sweep.mirror.start()  # offline, at the same time
    sweep.start("t0001", "t0002")
    sweep.epoch("t0001", 1)
    told = f"W&B: 2 of 2 runs sent to {server_name()}, 0 were already there.\n"
    assert sync(sweep) == (0, told, "")
    assert (len(server.opened), server.rows_taken) == (2, 1)
    sweep.epoch("t0001", 2)
    sweep.end("t0001")
    sweep.end("t0002", "failed")
    sweep.start("t0003", "t0004")
    sweep.epoch("t0003", 1)
    sweep.score("t0001")
    sweep.end("t0003", "stopped")
    sweep.end("t0004", "interrupted")
    sweep.close()
    told = f"W&B: 4 of 4 runs sent to {server_name()}, 0 were already there.\n"
    assert sync(sweep, WANDB_MODE="offline") == (0, told, "")
    assert_all_there(server, sweep)
    assert server.rows_taken == 3
    codes = [server.exit_codes[name] for name in names(sweep).values()]
    assert codes == [0, 1, 0, 255]
    for trial in ("t0001", "t0003"):
        name = names(sweep)[trial]
        offline = Run(sweep.where, trial)
        sent = [{k: v for k, v in r.items() if k[0] != "_"} for r in server.history[name]]
        assert sent == [{k: v for k, v in r.items() if k[0] != "_"} for r in offline.history]
        for key in ("state", "epochs_run", "best_epoch"):
            assert server.summary[name].get(key) == offline.facts["summary"].get(key)

    requests = len(server.requests)
    told = f"W&B: 0 of 4 runs sent to {server_name()}, 4 were already there.\n"
    assert sync(sweep) == (0, told, "")
    assert len(server.requests) == requests
    (sweep.where.root / "wandb-sent.jsonl").unlink()  # then it asks, and still sends nothing
    opened = len(server.opened)
    assert sync(sweep) == (0, told, "")
    assert (len(server.opened), server.rows_taken) == (opened, 3)
    assert not (sweep.where.wandb / "sync").exists()


def test_what_an_online_sweep_could_not_send_is_sent_later(
    server: WandbServer, sweep: Sweep
) -> None:
    sweep.mirror = WandbMirror(sweep.where, "online", sweep.hear)
    sweep.mirror.start()
    sweep.start(*RATES)
    for trial in RATES:
        sweep.epoch(trial, 1)
    sweep.end("t0001", "stopped")
    wait_for(lambda: len(server.exit_codes) == 1 and len(server.history) == 4)
    busy = sync(sweep)
    assert busy == (1, "", f"{sweep.where.root}: another process is uploading this sweep to W&B; "
                           "try again when it has ended\n")  # fmt: skip
    server.fault = "500"
    for trial in ("t0002", "t0003", "t0004"):
        sweep.epoch(trial, 2)
        sweep.end(trial)
    sweep.close()
    assert "wandb sync" in sweep.notices[0]
    assert max(len(rows) for rows in server.history.values()) == 1
    before = server.rows_taken
    server.fault = "none"
    told = f"W&B: 3 of 4 runs sent to {server_name()}, 1 were already there.\n"
    assert sync(sweep) == (0, told, "")
    assert_all_there(server, sweep)
    assert server.rows_taken == before + 3


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_sync_that_was_cut_off_goes_on(
    server: WandbServer, sweep: Sweep, number: signal.Signals
) -> None:
    sweep.run_all()
    sweep.close()
    server.fault, server.part = "slow", "graphql"
    process = begin(sweep)
    wait_for(lambda: len(server.opened) >= 2)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert errors.count("\n") == 1
        assert "Run the same command again to continue." in errors
    for child in children:
        wait_until_gone(child.pid)
    server.fault = "none"
    status, _, errors = sync(sweep)
    assert (status, errors) == (0, "")
    assert_all_there(server, sweep)
    assert server.rows_taken == 8
    assert not (sweep.where.wandb / "sync").exists()


FAULTS = {
    "401": ("", "cannot be reached: Failed to verify credentials"),
    "500": ("", "cannot be reached: no valid response within 3 s"),
    "cut before": ("", "cannot be reached: no valid response within 3 s"),
    "400": ("file_stream", "could not be uploaded: the server did not store all uploaded data"),
    "cut after": ("file_stream", "could not be uploaded: Timed out finishing run"),
    "gone": ("", "cannot be reached: no valid response within 3 s"),
}


def test_servers_that_fail_have_one_line(tmp_path: Path) -> None:
    with ExitStack() as stack:  # all at the same time, as they are waited for
        servers = {fault: stack.enter_context(wandb_server()) for fault in FAULTS}
        sweeps = {fault: Sweep(tmp_path) for fault in FAULTS}
        processes = {}
        for fault, server in servers.items():
            sweeps[fault].run_all()
            sweeps[fault].close()
            url = f"http://127.0.0.1:{refusing_port()}"
            if fault != "gone":
                server.fault, server.part = fault, FAULTS[fault][0]  # type: ignore[assignment]
                url = server.url
            limits = {"WANDB_INIT_TIMEOUT": "3", "WANDB_FINISH_TIMEOUT": "3"}
            if FAULTS[fault][0]:
                limits["WANDB_INIT_TIMEOUT"] = "30"
            key = {"WANDB_API_KEY": KEY, "WANDB_BASE_URL": url}
            processes[fault] = begin(sweeps[fault], **key, **limits)
        for fault, process in processes.items():
            out, errors = process.communicate(timeout=100)
            assert (process.returncode, out) == (1, ""), (fault, errors)
            (line,) = errors.splitlines()
            assert line.startswith("W&B at 127.0.0.1:")
            assert FAULTS[fault][1] in line
            assert KEY not in line
            assert line.endswith("Run the same command again to continue.)")
        for fault in ("400", "cut after"):
            servers[fault].fault = "none"
            key = {"WANDB_API_KEY": KEY, "WANDB_BASE_URL": servers[fault].url}
            assert sync(sweeps[fault], **key)[0] == 0
            assert_all_there(servers[fault], sweeps[fault])


def test_only_one_process_sends(sweep: Sweep) -> None:
    row = sweep.where.read().trials["t0001"]
    with Sent(sweep.where, "x") as first:
        first.add(row)
        with pytest.raises(BusyError, match="another process"):
            Sent(sweep.where, "y")
    with Sent(sweep.where, "x") as again, Sent(Sweep(sweep.where.root).where, "x") as other:
        assert again.has(row)
        assert not again.has(row | {"epochs_run": 1})
        assert not other.has(row)
    with Sent(sweep.where, "y") as elsewhere:
        assert not elsewhere.has(row)


def test_no_key_is_one_line(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(sweep.where.root))
    assert sync(sweep) == (
        2,
        "",
        "wandb sync: needs an API key (run `wandb login` or set WANDB_API_KEY), got none for "
        "api.wandb.ai\n",
    )
