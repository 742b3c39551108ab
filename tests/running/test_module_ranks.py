"""Trials of a module with two workers: errors that each attempt would repeat."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import ray

from tests.support.in_process import run_here
from tests.support.modules import LIT, module_sweep
from tune_mc1.errors import StorageError, TrialError
from tune_mc1.modules.fit import FitOutcome, SweepError
from tune_mc1.results.directory import ResultDir
from tune_mc1.running import module_ranks
from tune_mc1.running.module_ranks import RAISED

TWO: dict[str, Any] = {"resources": {"workers": 2, "cpu": 0.5}}

FAILING = LIT.replace(
    "    def validation_step",
    """    def on_train_epoch_start(self):
        if self.hparams.fault == "mistake" and self.global_rank == 1:
            self.no_such_thing
        if self.hparams.fault == "error" and self.current_epoch == 1:
            raise RuntimeError("no luck")

    def validation_step""",
)


def test_a_mistake_that_only_another_worker_meets_is_not_tried_again(tmp_path: Path) -> None:
    keys = {"parameters": {"fault": {"value": "mistake"}}, "max_failures": 2}
    ran = module_sweep(tmp_path, "grid", code=FAILING, **keys, **TWO)
    (row,) = pd.read_parquet(ran.root / "trials.parquet").to_dict("records")
    assert (row["state"], row["attempts"]) == ("failed", 1), row["error"]
    assert "'Net' object has no attribute 'no_such_thing' (lit_" in row["error"]


def test_a_changed_module_ends_a_resumed_sweep(tmp_path: Path) -> None:
    keys = {"parameters": {"fault": {"value": "error"}}, "max_failures": 0}
    ran = module_sweep(tmp_path, "grid", code=FAILING, **keys, **TWO)
    (file,) = tmp_path.glob("lit_*.py")
    journal = ran.root / "journal.jsonl"
    lines = journal.read_text().splitlines()
    ended = next(i for i, line in enumerate(lines) if '"event":"end"' in line)
    journal.write_text("\n".join(lines[:ended]) + "\n")
    (ran.root / "trials.parquet").unlink()
    file.write_text(FAILING.replace("hidden: int = 8", "hidden: int = 9"))
    done = run_here("sweep", "grid", "--resume", ran.root, "--wandb", "disabled", cwd=tmp_path)
    assert done.returncode == 1
    assert "does not fit Net any more: " in " ".join(done.stderr.split())
    assert [row["state"] for row in ResultDir(ran.root).read().trials.values()] == ["interrupted"]


def together(patch: pytest.MonkeyPatch, first: Exception | FitOutcome, other: Any) -> FitOutcome:
    """The end of a trial of two workers, without Ray; the other's is its state and why."""

    def fit(_: Any) -> FitOutcome:
        if isinstance(first, Exception):
            raise first
        return first

    here = SimpleNamespace(remote=lambda *_: "here")
    actor = SimpleNamespace(node=here, fit=SimpleNamespace(remote=lambda *_: other))
    patch.setattr(ray, "wait", lambda running, **_: (running, []))
    patch.setattr(ray, "get", lambda one: one)
    patch.setattr(ray, "kill", lambda one: None)
    patch.setattr(ray, "get_runtime_context", lambda: SimpleNamespace(get_node_id=lambda: "here"))
    patch.setattr(module_ranks, "_actors", lambda *_: [actor])
    trial: Any = SimpleNamespace(model_dump=dict)
    context: Any = None
    return module_ranks.fit_together(trial, context, 2, fit)


LOST = RuntimeError("[gloo] Connection closed by peer")
DONE = FitOutcome("completed")


def test_the_cause_decides_whether_a_trial_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    mistake, error = ("failed", "no such name"), (RAISED, "no luck")
    assert together(monkeypatch, DONE, ("completed", "")) == DONE
    for first in (LOST, DONE):
        assert together(monkeypatch, first, mistake) == FitOutcome("failed", "no such name")
        with pytest.raises(TrialError, match=r"^no luck$"):
            together(monkeypatch, first, error)
    with pytest.raises(SweepError, match="does not fit"):
        together(monkeypatch, SweepError("does not fit"), error)
    with pytest.raises(StorageError, match="disk full"):
        together(monkeypatch, StorageError("disk full"), error)
