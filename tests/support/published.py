"""A LightningModule and its data module as people publish them, and a sweep file for both.

Hyperparameters are saved, the schedule is the module's own, torchmetrics count, also over epochs,
and the logger is W&B's.
"""

from pathlib import Path
from typing import Any

CODE = """
import lightning as L
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from torchmetrics import MaxMetric, MeanMetric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score


class ConvBlock(nn.Module):
    def __init__(self, in_channels, out_channels, dropout):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x):
        return self.dropout(F.relu(self.norm(self.conv(x))))


class DigitClassifier(L.LightningModule):
    def __init__(
        self,
        num_classes: int = 10,
        width: int = 8,
        dropout: float = 0.1,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-4,
        warmup: float = 0.2,
    ):
        super().__init__()
        self.save_hyperparameters()
        self.model = nn.Sequential(
            ConvBlock(1, width, dropout),
            nn.MaxPool2d(2),
            ConvBlock(width, 2 * width, dropout),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(8 * width, num_classes),
        )
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
        metrics = MetricCollection(
            {"acc": MulticlassAccuracy(num_classes), "f1": MulticlassF1Score(num_classes)}
        )
        self.train_metrics = metrics.clone(prefix="train/")
        self.val_metrics = metrics.clone(prefix="val/")
        self.val_loss = MeanMetric()
        self.val_acc_best = MaxMetric()

    def forward(self, x):
        return self.model(x)

    def on_train_start(self):
        self.val_acc_best.reset()

    def step(self, batch):
        x, y = batch
        logits = self(x)
        return self.criterion(logits, y), logits, y

    def training_step(self, batch, batch_idx):
        loss, logits, y = self.step(batch)
        self.train_metrics.update(logits, y)
        self.log("train/loss", loss, on_step=True, on_epoch=True, prog_bar=True)
        self.log_dict(self.train_metrics, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):
        loss, logits, y = self.step(batch)
        self.val_metrics.update(logits, y)
        self.val_loss.update(loss)
        self.log("val/loss", self.val_loss, prog_bar=True)

    def on_validation_epoch_end(self):
        values = self.val_metrics.compute()
        self.val_metrics.reset()
        self.val_acc_best.update(values["val/acc"])
        self.log_dict(values, prog_bar=True, sync_dist=True)
        self.log("val/acc_best", self.val_acc_best.compute(), sync_dist=True)

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(
            self.parameters(), self.hparams.learning_rate, weight_decay=self.hparams.weight_decay
        )
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.hparams.learning_rate, total_steps=steps, pct_start=self.hparams.warmup
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step", "name": "lr"},
        }


class DigitsDataModule(L.LightningDataModule):
    def __init__(self, batch_size: int = 64, num_workers: int = 0, val_size: int = 297):
        super().__init__()
        self.save_hyperparameters(logger=False)

    def prepare_data(self):
        load_digits()

    def setup(self, stage: str):
        digits = load_digits()
        images = torch.from_numpy(digits.images).float().unsqueeze(1) / 16
        data = TensorDataset((images - 0.3) / 0.38, torch.from_numpy(digits.target).long())
        sizes = [len(data) - self.hparams.val_size, self.hparams.val_size]
        self.train_set, self.val_set = random_split(
            data, sizes, generator=torch.Generator().manual_seed(42)
        )

    def train_dataloader(self):
        return DataLoader(
            self.train_set,
            batch_size=self.hparams.batch_size,
            shuffle=True,
            num_workers=self.hparams.num_workers,
            drop_last=True,
        )

    def val_dataloader(self):
        return DataLoader(self.val_set, batch_size=128, num_workers=self.hparams.num_workers)
"""

_CALLBACKS: list[dict[str, Any]] = [
    {
        "class_path": "lightning.pytorch.callbacks.ModelCheckpoint",
        "init_args": {"monitor": "val/acc", "mode": "max", "save_last": True},
    },
    {"class_path": "LearningRateMonitor", "init_args": {"logging_interval": "step"}},
    {"class_path": "EarlyStopping", "init_args": {"monitor": "val/loss", "patience": 20}},
]
_LOGGER = {
    "class_path": "lightning.pytorch.loggers.WandbLogger",
    "init_args": {"project": "digits", "offline": True},
}


def published_sweep(folder: Path, epochs: int = 8, **keys: Any) -> dict[str, Any]:
    """Writes the module into a directory; returns the content of a sweep file for it.

    Args:
        folder: Directory of the sweep file.
        epochs: Epochs of a trial.
        keys: Keys of the file that are added or replaced.
    """
    folder.mkdir(exist_ok=True)
    (folder / "digit_classifier.py").write_text(CODE)
    return {
        "module": "digit_classifier:DigitClassifier",
        "datamodule": "digit_classifier:DigitsDataModule",
        "trainer": {
            "max_epochs": epochs,
            "gradient_clip_val": 1.0,
            "log_every_n_steps": 5,
            "logger": _LOGGER,
            "callbacks": _CALLBACKS,
        },
        "metric": {"name": "val/acc_best", "goal": "maximize"},
        **keys,
    }
