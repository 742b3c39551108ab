"""ResNeXt-50 as in the reference study: frozen, in eval mode, with small images not resized."""

import socket
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn

from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import TrialError
from tune_mc1.models.pretrained import are_wanted
from tune_mc1.seeding import derive_seed

NETWORK_TIMEOUT_S = 10.0


def resnext50(config: TrialConfig) -> nn.Module:
    """Torchvision's `resnext50_32x4d` without its last layer.

    Args:
        config: With `pretrained`, the ImageNet weights V1 are loaded, from torch.hub's cache or the
            network; otherwise weights are drawn from the trial's seed.

    Raises:
        TrialError: If the ImageNet weights are not available.
    """
    from torchvision.models import ResNeXt50_32X4D_Weights, resnext50_32x4d

    # Torchvision first draws random weights from the global generator, which is restored.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(config.seed, "init", "backbone"))
        network: nn.Module = resnext50_32x4d(weights=None)
    if config.pretrained and are_wanted():
        network.load_state_dict(_fetch(ResNeXt50_32X4D_Weights.IMAGENET1K_V1))
    network.fc = nn.Identity()
    return network


def _fetch(weights: Any) -> dict[str, Tensor]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT_S)
    try:
        state: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True)
        return state
    except (URLError, OSError, RuntimeError) as error:
        cache = Path(torch.hub.get_dir()) / "checkpoints"
        raise TrialError(
            f"model ResNeXt50: its ImageNet weights are not in {cache} and cannot be downloaded "
            f"({error}); put them there, or set pretrained: false"
        ) from None
    finally:
        socket.setdefaulttimeout(before)
