import warnings
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torchvision.transforms import Compose, Normalize, ToTensor

from tune_mc1.data.batches import ImageTensors, MacroBatches, epoch_order
from tune_mc1.data.images import Labels, Pixels


def images_of(n: int, channels: int = 3) -> tuple[Pixels, Labels]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 6, 5, channels), np.uint8), np.arange(n) % 10


@pytest.mark.parametrize("channels", [1, 3])
def test_gather_is_the_reference_transform_bit_for_bit(channels: int) -> None:
    images, labels = images_of(40, channels)
    images[0] = np.arange(6 * 5 * channels).reshape(6, 5, channels)
    indices = torch.tensor([3, 0, 39, 3])
    tensors = ImageTensors(images, labels)
    reference = Compose([ToTensor(), Normalize([0.5] * channels, [0.5] * channels)])
    expected = [reference(images[i]) for i in indices.tolist()]
    got = tensors.gather(indices)
    assert got.dtype == torch.float32
    assert torch.equal(got, torch.stack(expected))
    assert got.is_contiguous(memory_format=torch.channels_last)
    assert tensors.gather_labels(indices).tolist() == [3, 0, 9, 3]


def test_all_256_values_match() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    got = ImageTensors(values, np.zeros(1, np.int64)).gather(torch.tensor([0])).flatten()
    expected = (torch.arange(256, dtype=torch.float32) / 255 - 0.5) / 0.5
    assert torch.equal(got, expected)
    assert (got[0].item(), got[-1].item()) == (-1, 1)


def test_gather_takes_a_matrix_of_indices() -> None:
    tensors = ImageTensors(*images_of(40))
    matrix = torch.randint(40, (4, 7))
    got = tensors.gather(matrix)
    assert got.shape == (4, 21, 6, 5)
    each = [tensors.gather(matrix[:, i]) for i in range(7)]
    assert torch.equal(got, torch.cat(each, dim=1))
    assert got.is_contiguous(memory_format=torch.channels_last)
    assert tensors.gather_labels(matrix).shape == (4, 7)


def test_read_only_images_are_neither_copied_nor_written() -> None:
    images, labels = images_of(8)
    before = images.copy()
    images.flags.writeable = labels.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensors = ImageTensors(images, labels)
    tensors.gather(torch.arange(8))
    assert tensors.images.data_ptr() == images.ctypes.data
    assert tensors.labels.data_ptr() == labels.ctypes.data
    np.testing.assert_array_equal(images, before)
    assert len(tensors) == 8


@pytest.mark.gpu
def test_gpu_gathers_the_same() -> None:
    arrays = images_of(40)
    indices = torch.tensor([3, 0, 39])
    on_gpu = ImageTensors(*arrays, device="cuda")
    got = on_gpu.gather(indices.cuda())
    assert got.device.type == "cuda"
    torch.testing.assert_close(got.cpu(), ImageTensors(*arrays).gather(indices), rtol=0, atol=2e-7)


def test_epoch_order_depends_on_seed_and_epoch() -> None:
    order = epoch_order(100, seed=1, epoch=0)
    assert sorted(order.tolist()) == list(range(100))
    torch.manual_seed(5)
    assert torch.equal(order, epoch_order(100, seed=1, epoch=0))
    assert not torch.equal(order, epoch_order(100, seed=1, epoch=1))
    assert not torch.equal(order, epoch_order(100, seed=2, epoch=0))


def test_an_epoch_covers_every_image_once_in_batches() -> None:
    train = np.arange(0, 2052, 2)  # 1026 images: 64 batches of 16 and two images
    batches = MacroBatches(train, batch_size=16, seed=3)
    batches.set_epoch(4)
    macros = list(batches)
    assert [len(m) for m in macros] == [512, 512, 2]
    assert (len(batches), batches.steps, batches.images) == (3, 65, 1026)
    assert torch.equal(torch.cat(macros), torch.from_numpy(train)[epoch_order(1026, 3, 4)])


def test_a_last_batch_of_one_image_is_left_out() -> None:
    batches = MacroBatches(np.arange(33), batch_size=16, seed=3)
    assert sum(len(m) for m in batches) == batches.images == 32
    alone = MacroBatches(np.arange(33), batch_size=1, seed=3)
    assert alone.images == 33


def test_steps_per_macro_changes_nothing_but_the_grouping() -> None:
    def orders(steps: int) -> list[list[int]]:
        macros = MacroBatches(np.arange(100), batch_size=8, seed=0, steps_per_macro=steps)
        return [b.tolist() for macro in macros for b in torch.split(macro, 8)]

    assert orders(1) == orders(5) == orders(32)


@pytest.mark.parametrize(("count", "images"), [(1, 16), (3, 48), (99, 100)])
def test_overfit_batches_are_the_same_every_epoch(count: int, images: int) -> None:
    batches = MacroBatches(np.arange(100), batch_size=16, seed=0, overfit_batches=count)
    first = torch.cat(list(batches))
    batches.set_epoch(5)
    assert torch.equal(torch.cat(list(batches)), first)
    assert torch.equal(first, epoch_order(100, 0, 0)[:images])
    assert (batches.images, batches.steps) == (images, -(-images // 16))


class _Recorder(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: dict[int, list[int]] = {}

    def training_step(self, batch: Tensor) -> None:
        self.seen.setdefault(self.current_epoch, []).extend(batch.tolist())

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.parametrize(("images", "used"), [(70, 64), (64, 64), (10, 10), (17, 16)])
def test_a_smaller_last_batch_is_dropped(images: int, used: int) -> None:
    batches = MacroBatches(np.arange(images), 16, 0, steps_per_macro=2, drop_last=True)
    assert batches.images == used
    assert len(torch.cat(list(batches))) == used
    assert batches.steps == -(-used // 16)


def test_without_a_seed_images_keep_their_order() -> None:
    train = np.arange(5, 75)
    batches = MacroBatches(train, 16, None, steps_per_macro=2)
    for epoch in range(2):
        batches.set_epoch(epoch)
        assert torch.cat(list(batches)).tolist() == train.tolist()


def test_lightning_draws_the_order_of_each_epoch() -> None:
    module = _Recorder()
    trainer = Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, MacroBatches(np.arange(50), 4, seed=7, steps_per_macro=3))
    assert module.seen == {e: epoch_order(50, 7, e).tolist() for e in range(3)}
