"""The winner of a sweep of a user's LightningModule: its test, once, and what is said of it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from tests.support.in_process import run_here
from tests.support.modules import LIT, module_sweep
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.nothing_left import is_tested

TESTED = LIT.replace(
    '''    def configure_optimizers''',
    '''    def test_step(self, batch, index):
        x, y = batch
        self.log("test/acc", (self.net(x).argmax(1) == y).float().mean())
        self.log("val/acc", 0.5)  # a name that validations have too
        self.log_dict({"test/images": float(len(y)), "test/nan": float("nan")}, reduce_fx="sum")

    def configure_optimizers''',
) + '''
    def test_dataloader(self):
        generator = torch.Generator().manual_seed(1)
        x = torch.randn(48, 4, generator=generator)
        return DataLoader(TensorDataset(x, (x.sum(1) > 0).long()), 16)
'''  # fmt: skip


def test_the_winner_is_tested_once_by_its_own_test(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"parameters": {"lr": {"values": ["1e-9", 0.3]}, "seed": {"value": 1}}}
    ran = module_sweep(tmp_path, "grid", code=TESTED, **keys)
    assert ran.status == 0, ran.err
    rows = pd.read_parquet(ran.root / "trials.parquet").set_index("trial")
    assert list(rows["last_test/images"].isna()) == [True, False], "only the winner"
    weight, bias = torch.nn.Linear(4, 8), torch.nn.Linear(8, 2)
    net = torch.nn.Sequential(weight, torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), bias)
    file = ran.root / "checkpoints" / "t0002" / "best.ckpt"
    saved = torch.load(file, weights_only=True)["state_dict"]
    net.load_state_dict({name.removeprefix("net."): value for name, value in saved.items()})
    x = torch.randn(48, 4, generator=torch.Generator().manual_seed(1))
    right = (net.eval()(x).argmax(1) == (x.sum(1) > 0)).float().mean().item()
    assert rows["last_test/acc"]["t0002"] == pytest.approx(right, abs=1e-6)
    assert rows["last_test/images"]["t0002"] == 48
    assert rows["last_test/nan"].isna().all()
    assert rows["last_test.val/acc"]["t0002"] == 0.5
    assert rows["last_val/acc"]["t0002"] > 0.5
    assert f"test/acc of the module's test: {right:.4f}"[:-2] in ran.out
    again = run_here("sweep", "grid", "--resume", ran.root, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    journal = (ran.root / "journal.jsonl").read_text()
    assert journal.count('"event":"test"') == 1


@pytest.mark.slow
def test_each_trial_of_the_winner_is_tested_also_after_a_resume(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"parameters": {"seed": {"value": 1}}}
    ran = module_sweep(tmp_path, "grid", "--replicates", "2", code=TESTED, **keys)
    journal = ran.root / "journal.jsonl"
    _, last = (x for x in journal.read_text().splitlines(True) if '"event":"test"' in x)
    journal.write_text(journal.read_text().replace(last, ""))  # as if it had failed
    assert not is_tested(ResultDir(ran.root).read(), ())
    run_here("sweep", "grid", "--resume", ran.root, cwd=tmp_path)
    assert journal.read_text().count('"event":"test"') == 2


def test_a_winner_whose_test_fails_is_said_and_the_sweep_is_complete(tmp_path: Path) -> None:
    code = TESTED.replace(
        'x, y = batch\n        self.log("test', 'self.missing\n        self.log("test'
    )
    ran = module_sweep(tmp_path, "grid", code=code, parameters={"seed": {"value": 1}})
    assert ran.status == 0, ran.err
    assert "The winner t0001 could not be tested: " in ran.err
    assert "has no attribute 'missing'" in ran.err
    assert '"event":"test"' not in (ran.root / "journal.jsonl").read_text()
