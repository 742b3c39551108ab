"""Convolutions as matrix products give what grouped convolutions give."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

import tune_mc1.models.fused_layers
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.batches import ImageTensors
from tune_mc1.data.images import ImageData
from tune_mc1.models.build import build_model
from tune_mc1.models.column_conv import ColumnConv, column_conv
from tune_mc1.models.fused import FusedClassifier


def random(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(len(shape))
    made = torch.randn(shape, dtype=torch.float64, generator=generator)
    return made.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else made


@pytest.mark.parametrize(
    ("trials", "lanes", "channels", "width", "kernel", "padding", "batch"),
    [(1, 1, 3, 6, 5, 0, 4), (4, 1, 3, 6, 5, 2, 4), (4, 4, 2, 3, 3, 1, 6), (4, 2, 6, 16, 5, 0, 5)],
)
def test_it_is_a_grouped_convolution(
    trials: int, lanes: int, channels: int, width: int, kernel: int, padding: int, batch: int
) -> None:
    images = random(batch, lanes * channels, 10, 9).requires_grad_()
    weight = random(trials, width, channels, kernel, kernel).requires_grad_()
    bias = random(trials, width).requires_grad_()
    grouped = conv2d(images, weight.flatten(0, 1), bias.flatten(), padding=padding, groups=lanes)
    columns = column_conv(images, weight, bias, (padding, padding))
    assert columns.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(columns, grouped, rtol=0, atol=1e-10)
    gradient = random(*grouped.shape)
    expected = torch.autograd.grad(grouped, (images, weight, bias), gradient)
    got = torch.autograd.grad(columns, (images, weight, bias), gradient)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_images_may_be_the_first_that_need_no_gradient() -> None:
    weight, bias = random(2, 3, 2, 3, 3).requires_grad_(), random(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda w, b: ColumnConv.apply(random(2, 2, 5, 5), w, b, (0, 0)), (weight, bias)
    )


def test_autocast_names_the_type_of_numbers() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        got = column_conv(random(2, 2, 5, 5), random(2, 3, 2, 3, 3), random(2, 3), (0, 0))
    assert got.dtype == torch.bfloat16


@pytest.mark.usefixtures("narrow_cnn8")
@pytest.mark.parametrize("model", ["CNN", "CNN2", "CNN5", "CNN8"])
@pytest.mark.parametrize("lanes", [1, 4])
def test_a_fused_model_learns_the_same_by_it(
    model: str, lanes: int, images: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = [TrialConfig.model_validate({"model": model, "seed": seed}) for seed in range(4)]
    source = ImageTensors(images.train_images, images.train_labels)
    indices = torch.arange(4) if lanes == 1 else torch.arange(16).view(4, 4)
    inputs = source.gather(indices).double()

    def gradients() -> list[Tensor]:
        built = (build_model(config, (3, 32, 32), 10) for config in configs)
        fused = FusedClassifier(built, 4, (3, 32, 32)).double()
        torch.autograd.backward(fused(inputs).square().mean())
        return [p.grad for p in fused.parameters() if p.grad is not None]

    grouped = gradients()
    calls: list[int] = []

    def always(images: Tensor, channels: int) -> bool:
        calls.append(channels)
        return True

    monkeypatch.setattr(tune_mc1.models.fused_layers, "columns_are_faster", always)
    columns = gradients()
    assert calls
    for one, other in zip(columns, grouped, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-9)
