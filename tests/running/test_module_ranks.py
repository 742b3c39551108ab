"""Trials of a module with two workers: errors that each attempt would repeat."""

from pathlib import Path
from typing import Any

import pandas as pd

from tests.support.in_process import run_here
from tests.support.modules import LIT, module_sweep
from tune_mc1.results.directory import ResultDir

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
