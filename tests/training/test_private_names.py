"""Fallbacks for names of PyTorch and Lightning, and lines of Lightning's that are left out."""

import logging
import warnings
from collections.abc import Iterator

import pytest
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from tune_mc1.private_names import PrivateName
from tune_mc1.training import lightning_private
from tune_mc1.training.lightning_private import hide_noise, step_counter
from tune_mc1.training.torch_private import FOREACH, one_by_one

NOISY = "lightning.pytorch.utilities._pytree"


def tensors(seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(3, *shape, generator=generator) for shape in ((), (5,), (4, 2))]


def columns(seed: int) -> list[Tensor]:
    """A number a trial for each of `tensors`."""
    return [t.view(3, -1)[:, :1].reshape(3, *[1] * (t.ndim - 1)) for t in tensors(seed)]


CALLS = [
    ("add_", (tensors(1),), {}),
    ("add_", (1e-8,), {}),
    ("addcmul", (columns(1), tensors(2)), {}),
    ("addcmul_", (tensors(1), columns(2)), {"value": -1}),
    ("addcmul_", (tensors(1), tensors(1)), {"value": 0.001}),
    ("div", (tensors(1),), {}),
    ("div", (0.75,), {}),
    ("lerp_", (tensors(1), 0.1), {}),
    ("mul_", (columns(1),), {}),
    ("mul_", (0.999,), {}),
    ("sqrt_", (), {}),
    ("sub_", (tensors(1),), {}),
]


@pytest.mark.parametrize(("name", "others", "options"), CALLS, ids=[c[0] for c in CALLS])
def test_one_tensor_after_the_other_gives_the_same_bits(
    name: str, others: tuple[object, ...], options: dict[str, float]
) -> None:
    expected, got = tensors(0), tensors(0)
    given = FOREACH[name].get()(expected, *others, **options)
    instead = one_by_one(name)(got, *others, **options)
    if name.endswith("_"):
        given, instead = expected, got
    assert all(torch.equal(a, b) for a, b in zip(given, instead, strict=True))


def test_all_operations_are_compared() -> None:
    assert {name for name, *_ in CALLS} == set(FOREACH)


class Unseen(LightningModule):
    """Does one step that Lightning sees, and two that it cannot see, a batch."""

    automatic_optimization = False

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch: Tensor, batch_idx: int) -> None:
        count = step_counter(self.trainer)
        assert count is not None
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        optimizer.step()
        count()
        count()


def fitted(trainer: Trainer) -> int:
    trainer.fit(Unseen(), DataLoader(TensorDataset(torch.zeros(3, 1))))
    return trainer.global_step


def test_steps_are_counted_as_lightning_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=2,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    assert fitted(trainer) == 2 * 3 * 3
    monkeypatch.setattr(lightning_private, "COUNT", [PrivateName("json:no", "", "", "")])
    assert step_counter(trainer) is None


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO), warnings.catch_warnings():
        warnings.simplefilter("default")
        yield caplog


def test_an_advertisement_is_left_out_and_nothing_else(told: pytest.LogCaptureFixture) -> None:
    hide_noise()
    log = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    log.propagate, before = True, log.propagate
    parent = logging.getLogger("lightning.pytorch")
    parent.propagate, above = True, parent.propagate
    log.addHandler(told.handler)
    try:
        for text in ("💡 Tip: For seamless cloud logging", "GPU available: False"):
            log.info(text)
        log.error("Tip: For seamless errors")
    finally:
        log.removeHandler(told.handler)
        log.propagate, parent.propagate = before, above
    assert {record.getMessage() for record in told.records} == {
        "GPU available: False",
        "Tip: For seamless errors",
    }


@pytest.mark.parametrize(
    ("text", "kind", "module", "shown"),
    [
        ("`isinstance(treespec, LeafSpec)` is deprecated, use", FutureWarning, NOISY, False),
        ("`isinstance(treespec, LeafSpec)` is deprecated, use", FutureWarning, "mine", True),
        ("`isinstance(treespec, LeafSpec)` is deprecated, use", UserWarning, NOISY, True),
        ("another thing is deprecated", FutureWarning, NOISY, True),
    ],
)
def test_one_warning_is_left_out_and_no_other(
    told: pytest.LogCaptureFixture, text: str, kind: type[Warning], module: str, shown: bool
) -> None:
    with warnings.catch_warnings(record=True) as seen:
        hide_noise()
        warnings.warn_explicit(text, kind, "file.py", 1, module)
    assert bool(seen) == shown
