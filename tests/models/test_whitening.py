"""The first layer that whitens patches, and convolutions that begin as identities."""

import pytest
import torch
from torch import nn

from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.build import build_model
from tune_mc1.models.whitening import whiten


@pytest.mark.parametrize(("channels", "kernel"), [(3, 2), (1, 3)])
def test_filtered_patches_are_white(channels: int, kernel: int) -> None:
    generator = torch.Generator().manual_seed(0)
    flat = torch.randn(200, channels, 12, 12, generator=generator)
    smooth = flat.cumsum(-1).cumsum(-2) / 10  # neighbouring pixels are alike
    size = channels * kernel**2
    layer = nn.Conv2d(channels, 2 * size, kernel)
    whiten(layer, smooth)
    with torch.no_grad():
        filtered = nn.functional.conv2d(smooth, layer.weight).movedim(1, -1).reshape(-1, 2 * size)
    covariance = filtered[:, :size].T.cov()
    strong = covariance.diagonal() > 0.9  # where the variance is far above epsilon
    assert strong.sum() > size / 2
    expected = torch.diag(covariance.diagonal())
    torch.testing.assert_close(covariance, expected, atol=1e-3, rtol=0)
    assert covariance.diagonal().max() < 1.001
    torch.testing.assert_close(layer.weight[size:], -layer.weight[:size], rtol=0, atol=0)


def test_dirac_passes_channels_on() -> None:
    config = TrialConfig(model="Airbench", weights_init_type="dirac")
    model = build_model(config, (3, 32, 32), 10)
    wide, square = model.layers.get_submodule("conv2"), model.layers.get_submodule("conv3")
    assert isinstance(wide, nn.Conv2d)
    assert isinstance(square, nn.Conv2d)
    images = torch.randn(2, 24, 6, 6)
    torch.testing.assert_close(wide(images)[:, :24], images)
    assert wide(images).shape[1] == 64
    narrow = TrialConfig(model="Airbench", arguments={"filters": [8, 12]})
    assert [conv.channels for conv in narrow.architecture.convs] == [0, 8, 8, 12, 12]
    assert build_model(narrow, (3, 32, 32), 10)(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    images = torch.randn(2, 64, 6, 6)
    torch.testing.assert_close(square(images), images)
