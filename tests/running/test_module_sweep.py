"""Sweeps of a user's LightningModule: results, early stopping, failures, several workers, W&B."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml

from tests.support.in_process import Ran, run_here
from tests.support.modules import LIT, QUICK, module_sweep
from tune_mc1.programs.history import HistoryReader
from tune_mc1.programs.trial_run import run_file
from tune_mc1.results.directory import ResultDir


def trials(ran: Ran) -> pd.DataFrame:
    return pd.read_parquet(ran.root / "trials.parquet").set_index("trial")


def weights(ran: Ran, trial: str = "t0001") -> dict[str, Any]:
    file = ran.root / "checkpoints" / trial / "last.ckpt"
    loaded: dict[str, Any] = torch.load(file, weights_only=True)["state_dict"]
    return loaded


def test_each_validation_is_a_row(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {
            "lr": {"values": ["1e-1", 0.3]},
            "model.hidden": {"value": 4},
            "batch_size": {"value": 16},
            "seed": {"value": 5},
        },
        "trainer": {**QUICK, "enable_model_summary": True},
    }
    ran = module_sweep(tmp_path, "grid", "--replicates", "2", **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran)
    assert list(rows["state"]) == ["completed"] * 4
    assert list(rows["lr"]) == [0.1, 0.1, 0.3, 0.3]
    assert list(rows["seed"]) == [5, 6, 5, 6]
    assert rows["config_hash"].nunique() == 2
    history = pd.read_parquet(ran.root / "history.parquet")
    assert list(history.query("trial == 't0001'")["step"]) == [4, 8, 12]
    assert {"val/acc", "val/loss", "loss", "epoch", "seconds"} <= set(history.columns)
    best = history.groupby("trial")["val/acc"].max()
    assert list(best) == list(rows["best_val/acc"])
    log = (ran.root / "logs" / "t0001.log").read_text()
    assert "Trainable params" in log
    assert "Trainer.fit" not in ran.out + ran.err
    resolved = yaml.safe_load((ran.root / "sweep.yaml").read_text())
    assert resolved["trainer"] == keys["trainer"]
    shown = run_here("show", ran.root, "--json", cwd=tmp_path)
    assert len(json.loads(shown.stdout)["trials"]) == 4
    resolved_file = ran.root / "sweep.yaml"
    asked = run_here("predict", ran.root, resolved_file, "--trial", "t0001", cwd=tmp_path)
    assert asked.returncode == 2
    assert "t0001 is a run of a module, not of a network; it left in " in asked.stderr
    assert "best.ckpt" in asked.stderr


def test_poor_trials_are_stopped(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {"lr": {"values": [0.1, "1e-9", "1e-8", "1e-7"]}},
        "trainer": {**QUICK, "max_epochs": 8},
        "metric": {"name": "val/loss", "goal": "minimize"},
        "early_terminate": {"type": "asha", "min_iter": 2, "eta": 2},
    }
    ran = module_sweep(tmp_path, "grid", "--max-concurrent", "1", **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran)
    assert list(rows["state"]) == ["completed"] + ["stopped"] * 3
    assert rows["epochs_run"]["t0001"] == 8
    assert set(rows["epochs_run"][1:]) <= {2, 4}, "at a rung"


KILLED = LIT.replace(
    '''    def validation_step''',
    '''    def on_train_epoch_start(self):
        import os, signal
        from pathlib import Path
        flag = Path(f"killed {self.current_epoch}")
        if self.hparams.fault == "killed" and self.current_epoch in (1, 2) and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.hparams.fault == "error" and self.current_epoch == 1:
            raise RuntimeError("no luck")

    def validation_step''',
)  # fmt: skip


def test_a_trial_that_is_killed_twice_equals_the_others(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"parameters": {"fault": {"values": ["", "killed", "nan"]}}}
    ran = module_sweep(tmp_path, "grid", code=KILLED, **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran)
    states = dict(zip(rows["fault"], rows["state"], strict=True))
    assert states == {"": "completed", "killed": "completed", "nan": "diverged"}
    by = {fault: str(trial) for trial, fault in rows["fault"].items()}
    assert rows["attempts"][by["killed"]] == 3
    assert rows["error"][by["nan"]] == "loss became nan in epoch 1, near step 4"
    one, other = weights(ran, by[""]), weights(ran, by["killed"])
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
    history = pd.read_parquet(ran.root / "history.parquet")
    history = history.drop(columns=["seconds", "time"]).set_index("epoch")
    one_rows, other_rows = (
        history[history["trial"] == by[fault]].drop(columns="trial") for fault in ("", "killed")
    )
    pd.testing.assert_frame_equal(one_rows, other_rows)


def test_a_changed_module_ends_a_resumed_sweep_and_its_trials_are_kept(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"parameters": {"fault": {"value": "error"}}, "max_failures": 0}
    ran = module_sweep(tmp_path, "grid", code=KILLED, **keys)
    assert trials(ran)["error"]["t0001"].startswith("RuntimeError: no luck (lit_")
    (file,) = tmp_path.glob("lit_*.py")
    journal = ran.root / "journal.jsonl"
    lines = journal.read_text().splitlines()
    ended = next(i for i, line in enumerate(lines) if '"event":"end"' in line)
    journal.write_text("\n".join(lines[:ended]) + "\n")
    (ran.root / "trials.parquet").unlink()
    file.write_text(KILLED.replace("hidden: int = 8", "hidden: int = 9"))
    done = run_here("sweep", "grid", "--resume", ran.root, "--wandb", "disabled", cwd=tmp_path)
    assert done.returncode == 1
    assert "does not fit Net any more: " in " ".join(done.stderr.split())
    assert [row["state"] for row in ResultDir(ran.root).read().trials.values()] == ["interrupted"]


def test_two_workers_train_a_trial(tmp_path: Path) -> None:
    code = LIT.replace(
        "    def validation_step",
        """    def on_train_epoch_start(self):
        if self.hparams.fault == "error" and self.global_rank == 1:
            raise RuntimeError("no luck")
        print("rank", self.global_rank, "of", self.trainer.world_size)

    def validation_step""",
    )
    keys: dict[str, Any] = {
        "parameters": {"fault": {"values": ["", "error", " "]}},
        "resources": {"workers": 2, "cpu": 0.5},
        "max_failures": 0,
    }
    ran = module_sweep(tmp_path, "grid", code=code, **keys)
    rows = trials(ran)
    assert list(rows["state"]) == ["completed", "failed", "completed"], ran.err
    assert rows["error"]["t0002"].startswith("RuntimeError: no luck (lit_")
    history = pd.read_parquet(ran.root / "history.parquet")
    assert list(history.query("trial == 't0003'")["step"]) == [2, 4, 6], "half the batches each"
    assert "rank 1 of 2" in (ran.root / "logs" / "t0003-worker1.log").read_text()
    for name, tensor in weights(ran).items():
        assert torch.equal(tensor, weights(ran, "t0003")[name]), name


def test_a_trial_of_two_workers_that_is_killed_twice_equals_the_others(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {"fault": {"values": ["", "killed"]}},
        "resources": {"workers": 2, "cpu": 0.5},
    }
    one_of_them = KILLED.replace('fault == "killed"', 'fault == "killed" and self.global_rank == 1')
    ran = module_sweep(tmp_path, "grid", "--max-concurrent", "1", code=one_of_them, **keys)
    assert ran.status == 0, ran.err
    rows = trials(ran)
    assert list(rows["attempts"]) == [1, 3], rows["error"]
    for name, tensor in weights(ran).items():
        assert torch.equal(tensor, weights(ran, "t0002")[name]), name
    history = pd.read_parquet(ran.root / "history.parquet").drop(columns=["seconds", "time"])
    one, other = (
        history[history["trial"] == trial].drop(columns="trial").reset_index(drop=True)
        for trial in ("t0001", "t0002")
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_wandb_logger_of_the_user_logs_to_the_trials_run(tmp_path: Path, mode: str) -> None:
    logger = {"class_path": "WandbLogger", "init_args": {"project": "theirs"}}
    keys: dict[str, Any] = {
        "trainer": {**QUICK, "logger": logger, "log_every_n_steps": 1},
        "parameters": {"lr": {"values": [0.1, 0.3]}},
    }
    words = ("--wandb", "offline") if mode == "offline" else ()
    ran = module_sweep(tmp_path, "grid", "--max-concurrent", "1", *words, **keys)
    assert ran.status == 0, ran.err
    assert list(trials(ran)["state"]) == ["completed"] * 2
    files = [run_file(ResultDir(ran.root).program_files(trial)) for trial in ("t0001", "t0002")]
    assert not (tmp_path / "wandb").exists()
    if mode == "disabled":
        assert files == [None, None]
        return
    for file in files:
        assert file is not None
        rows = HistoryReader(file).read()
        assert sum("val/acc" in row.metrics for row in rows) == 3
    assert "2 runs are recorded offline" in " ".join(ran.err.split())


def test_the_sweep_logs_to_wandb_where_the_module_does_not(tmp_path: Path) -> None:
    ran = module_sweep(tmp_path, "grid", "--wandb", "offline")
    assert ran.status == 0, ran.err
    (file, *_) = sorted((ran.root / "wandb").glob("*/run-*t0001.wandb"))
    rows = HistoryReader(file).read()
    assert [row.step for row in rows] == [1, 2, 3]
    assert {"val/acc", "loss"} <= set(rows[0].metrics)
