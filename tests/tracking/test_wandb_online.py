"""Online, every epoch of every trial reaches the server once, or a file if the server is gone."""

import time
from pathlib import Path

import pytest

from tests.support.played_sweep import RATES, RUN_IDS, Run, Sweep
from tests.support.wandb_server import wandb_server
from tune_mc1.tracking.wandb.mirror import WandbMirror


def test_every_epoch_is_sent_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef0123456789abcdef01234567")
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        sweep = Sweep(tmp_path)
        sweep.mirror = WandbMirror(sweep.where, "online", sweep.hear)
        sweep.mirror.start()
        sweep.run_all()
        sweep.score("t0004")
        sweep.close()
        assert sweep.notices == []
        names = {trial: f"{RUN_IDS}-{trial}" for trial in RATES}
        assert server.groups == dict.fromkeys(names.values(), "first name")
        assert server.exit_codes == dict.fromkeys(names.values(), 0)
        for trial, name in names.items():
            rows = [(row["_step"], row["epoch"], row["val_acc"]) for row in server.history[name]]
            expected = sweep.writer.tables.history
            assert rows == [(e, e, expected[trial, e]["val_acc"]) for e in (1, 2)]
        assert server.summary[names["t0004"]]["test_acc"] == 0.5

        sweep.begin()  # goes on with a trial that the server has already
        sweep.writer.tables = sweep.where.read()
        sweep.mirror = WandbMirror(sweep.where, "online", sweep.hear)
        sweep.mirror.start()
        sweep.start("t0001")
        sweep.epoch("t0001", 3)
        sweep.end("t0001")
        sweep.close()
        assert sweep.notices == []
        assert [row["epoch"] for row in server.history[names["t0001"]]] == [1, 2, 3]
        assert sweep.where.log("wandb").read_text().count("WARNING") == 0


def test_server_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = Sweep(tmp_path)
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef0123456789abcdef01234567")
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "3")
        sweep.mirror = WandbMirror(sweep.where, "online", sweep.hear)
        sweep.mirror.start()
        sweep.start("t0001", "t0002", "t0003")
        deadline = time.monotonic() + 60
        while len(server.groups) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    for trial in ("t0001", "t0002", "t0003"):
        sweep.epoch(trial, 1)
        sweep.end(trial)
    sweep.start("t0004")
    sweep.epoch("t0004", 1)
    sweep.end("t0004")
    sweep.close()
    assert len(sweep.notices) == 1, sweep.notices
    assert "recorded offline" in sweep.notices[0]
    for trial in RATES:
        run = Run(sweep.where, trial)
        assert (run.epochs, run.facts["state"]) == ([1], "finished")
        assert "offline-run" in str(run.file)
