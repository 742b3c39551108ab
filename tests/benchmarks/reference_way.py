"""The reference study's way to train: how most people write a Lightning trial.

PIL images and torchvision transforms in a DataLoader with four workers; automatic optimisation;
torchmetrics' accuracy and macro F1, and `self.log`, on every step. The network, the optimiser and
the split are ours, so that only the way differs.
"""

from collections.abc import Sequence
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from PIL import Image
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score
from torchvision.transforms import Compose, Normalize, ToTensor

from tune_mc1.config.trial import TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import make_split
from tune_mc1.models.build import build_model
from tune_mc1.training.optimizers.base import make_optimizer
from tune_mc1.training.optimizers.parts import Part

Item = tuple[Tensor, int]


class PilImages(Dataset[Item]):
    """Images one at a time, as torchvision's data sets give them.

    Args:
        data: The images.
        indices: Which of the training images.
    """

    def __init__(self, data: ImageData, indices: Any) -> None:
        self.images = data.train_images[indices]
        self.labels = data.train_labels[indices].tolist()
        half = (0.5, 0.5, 0.5)
        self.transform = Compose([ToTensor(), Normalize(half, half)])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Item:
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


class ReferenceModule(LightningModule):
    """Loss, accuracy and F1, logged on every step and once an epoch."""

    def __init__(self, config: TrialConfig, data: ImageData) -> None:
        super().__init__()
        self.config = config
        classes = len(data.classes)
        self.model = build_model(config, data.image_shape, classes)
        self.train_acc, self.val_acc = (MulticlassAccuracy(classes, average="micro") for _ in "ab")
        self.train_f1, self.val_f1 = (MulticlassF1Score(classes) for _ in "ab")

    def configure_optimizers(self) -> Optimizer:
        return make_optimizer(self.config, [Part(list(self.parameters()))])

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self._step(batch, "val")

    def _step(self, batch: tuple[Tensor, Tensor], split: str) -> Tensor:
        images, labels = batch
        logits = self.model(images)
        loss = cross_entropy(logits, labels)
        acc, f1 = getattr(self, f"{split}_acc"), getattr(self, f"{split}_f1")
        values = {"loss": loss, "acc": acc(logits, labels), "f1": f1(logits, labels)}
        for name, value in values.items():
            self.log(f"{split}_{name}", value, on_step=True, on_epoch=True)
        return loss


def train_as_reference(
    config: TrialConfig,
    data: ImageData,
    workers: int = 4,
    gpu: bool = False,
    callbacks: Sequence[Callback] = (),
) -> None:
    """Trains a whole trial; nothing but the way differs from ours, except that nothing is saved."""
    split = make_split(data, Holdout())
    train, val = (
        DataLoader(
            PilImages(data, indices), config.batch_size, shuffle=shuffle, num_workers=workers
        )
        for indices, shuffle in ((split.train, True), (split.val, False))
    )
    trainer = Trainer(
        accelerator="cuda" if gpu else "cpu",
        devices=1,
        max_epochs=config.epochs,
        callbacks=list(callbacks),
        deterministic=False,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(ReferenceModule(config, data), train, val)
