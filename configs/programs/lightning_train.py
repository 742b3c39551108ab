"""Trains a small network on scikit-learn's digits by Lightning, which logs to W&B.

WANDB_MODE=offline python lightning_train.py --lr=0.01
"""

import argparse

import lightning as L
import torch
from lightning.pytorch.loggers import WandbLogger
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


class Digits(L.LightningModule):
    """Classifier with one hidden layer.

    Args:
        lr: Learning rate of Adam.
        width: Units of the hidden layer.
    """

    def __init__(self, lr: float, width: int) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.network = nn.Sequential(
            nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10)
        )

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        """Loss of a batch."""
        loss = F.cross_entropy(self.network(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[torch.Tensor], index: int) -> None:
        """Loss and accuracy of a batch; Lightning averages them over the epoch."""
        scores = self.network(batch[0])
        self.log("val_loss", F.cross_entropy(scores, batch[1]))
        self.log("val_acc", (scores.argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.hparams["lr"])


def main() -> None:
    """Trains and validates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--max_epochs", type=int, default=8)
    args = parser.parse_args()
    L.seed_everything(0)
    digits = load_digits()
    images = torch.tensor(digits.images / 16, dtype=torch.float32)
    data = TensorDataset(images, torch.tensor(digits.target))
    train, val = random_split(data, [0.7, 0.3])
    trainer = L.Trainer(
        max_epochs=args.max_epochs,
        logger=WandbLogger(project="digits"),
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        log_every_n_steps=5,
    )
    trainer.fit(
        Digits(args.lr, args.width),
        DataLoader(train, args.batch_size, shuffle=True),
        DataLoader(val, 256),
    )


if __name__ == "__main__":
    main()
