"""Online, every epoch of every trial reaches the server once."""

from pathlib import Path

import pytest

from tests.test_wandb import RATES, Sweep
from tests.wandb_server import wandb_server
from tune_mc1.wandb_mirror import WandbMirror


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
        names = {trial: f"my_{sweep.where.root.name[3:]}-{trial}" for trial in RATES}
        assert server.groups == dict.fromkeys(names.values(), sweep.where.root.name)
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
