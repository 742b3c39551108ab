"""LightningModules for sweeps, small enough for a tenth of a second a trial, and sweeps of them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support.in_process import Ran, sweep_here

LIT = """
import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(L.LightningModule):
    def __init__(self, hidden: int = 8, lr: float = 0.1, batch_size: int = 16, fault: str = ""):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Linear(4, hidden), nn.BatchNorm1d(hidden), nn.Dropout(0.3), nn.Linear(hidden, 2)
        )

    def training_step(self, batch, index):
        x, y = batch
        loss = nn.functional.cross_entropy(self.net(x), y)
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss * (float("nan") if self.hparams.fault == "nan" else 1.0)

    def validation_step(self, batch, index):
        x, y = batch
        out = self.net(x)
        self.log("val/loss", nn.functional.cross_entropy(out, y), sync_dist=True)
        self.log("val/acc", (out.argmax(1) == y).float().mean(), sync_dist=True)

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.5)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "loss"}}


class Data(L.LightningDataModule):
    def __init__(self, batch_size: int = 16):
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage):
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(64, 4, generator=generator)
        self.data = TensorDataset(x, (x.sum(1) > 0).long())

    def train_dataloader(self):
        return DataLoader(self.data, self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.data, self.batch_size)
"""

FACTORY = f"""{LIT.replace("class Net(", "class Real(")}

def Net(hidden=8, lr=0.1):
    return Real(hidden, lr)
"""
"""The same by a function that does not say what it returns."""

QUICK = {"max_epochs": 3, "logger": False, "enable_model_summary": False}


def content(name: str = "lit", **keys: Any) -> dict[str, Any]:
    """A sweep file for `LIT`.

    Args:
        name: Name of its Python module.
        keys: Keys that are added or replaced.
    """
    return {
        "module": f"{name}:Net",
        "datamodule": f"{name}:Data",
        "trainer": {**QUICK},
        "metric": {"name": "val/acc", "goal": "maximize"},
        "parameters": {"lr": {"values": ["1e-1", 0.3]}, "seed": {"value": 1}},
        **keys,
    }


def write_module(folder: Path, code: str = LIT) -> str:
    """Writes a module under a name that no process has imported; returns the name."""
    name = f"lit_{uuid4().hex[:8]}"
    (folder / f"{name}.py").write_text(code)
    return name


def module_sweep(folder: Path, method: str, *words: str, code: str = LIT, **keys: Any) -> Ran:
    """Runs such a sweep on the Ray of this process, in a directory with the module."""
    name = write_module(folder, code)
    return sweep_here(folder, content(name, **keys), method, "--wandb", "disabled", *words)
