"""Servers that are slow, cut off or answer 500 change no sweep, and get everything later."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.in_process import sweep_here
from tests.support.played_sweep import Sweep
from tests.support.wandb_server import WandbServer, wandb_server
from tests.support.warm_commands import Command
from tests.tracking.test_wandb_faults import KEY
from tests.tracking.test_wandb_sync import assert_all_there, begin
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import read_events
from tune_mc1.tracking.wandb.mirror import WandbMirror

FAULTS = ("slow", "cut before", "cut after", "500")


@pytest.fixture
def servers() -> Iterator[dict[str, WandbServer]]:
    with ExitStack() as stack:
        yield {fault: stack.enter_context(wandb_server()) for fault in FAULTS}


def test_a_failing_server_slows_nothing_and_gets_everything_later(
    servers: dict[str, WandbServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "3")
    monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "3")
    sweeps = {}
    for fault, server in servers.items():
        server.fault = fault  # type: ignore[assignment]
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        sweep = sweeps[fault] = Sweep(tmp_path)
        sweep.mirror = WandbMirror(sweep.where, "online", sweep.hear)
        began = time.monotonic()
        sweep.mirror.start()
        sweep.run_all()
        for _ in range(1000):
            sweep.mirror.check()
        assert time.monotonic() - began < 5
    for sweep in sweeps.values():
        sweep.close(timeout_s=60)
        assert len(sweep.notices) <= 2, sweep.notices
        assert sweep.where.read().history == sweep.writer.tables.history
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "60")
    processes = {}
    for fault, server in servers.items():
        server.fault = "none"
        processes[fault] = begin(sweeps[fault], WANDB_BASE_URL=server.url)
    for fault, process in processes.items():
        _, errors = process.communicate(timeout=100)
        assert (process.returncode, errors) == (0, ""), fault
        assert_all_there(servers[fault], sweeps[fault])


def run_sweep(here: Path, data: Path, mode: str, **variables: str) -> ResultDir:
    parameters = {"model": "CNN_simple", "epochs": 2, "learning_rate": 0.01}
    content = {"parameters": {name: {"value": value} for name, value in parameters.items()}}
    folder = here / mode
    folder.mkdir()
    ran = sweep_here(folder, content, "grid", "-d", data, "--wandb", mode, **variables)
    assert ran.status == 0, ran.out + ran.err
    return ResultDir(ran.root)


def numbers(where: ResultDir) -> list[Any]:
    names = ("trial", "epoch", *epoch_metrics())
    return [[row[name] for name in names] for row in where.read().history.values()]


def seconds(where: ResultDir) -> float:
    """From the trial's start to its end."""
    times = {event["event"]: event["time"] for event, _ in read_events(where.journal)}
    return float(times["end"] - times["start"])


@pytest.mark.timeout(600)
def test_a_real_sweep_has_the_same_results(tmp_path: Path, image_dir: Path) -> None:
    with wandb_server() as server:
        server.fault = "500"
        variables = {"WANDB_API_KEY": KEY, "WANDB_BASE_URL": server.url}
        limits = {"WANDB_INIT_TIMEOUT": "3", "WANDB_FINISH_TIMEOUT": "3"}
        alone = run_sweep(tmp_path, image_dir, "disabled")
        where = run_sweep(tmp_path, image_dir, "online", **variables, **limits)
        assert numbers(where) == numbers(alone)
        assert seconds(where) < 5 * seconds(alone) + 5  # a server's time-out would be far beyond
        assert not server.history
        server.fault = "none"
        words = ("wandb", "sync", where.root)
        with Command(words, Path.cwd(), os.environ | variables) as command:
            assert command.wait() == 0
        (rows,) = server.history.values()
        assert [[r["_step"], *(r[n] for n in epoch_metrics())] for r in rows] == [
            row[1:] for row in numbers(where)
        ]
