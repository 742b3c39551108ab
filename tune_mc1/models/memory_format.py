"""Memory formats of images that a network of any origin takes."""

import torch
from torch import Tensor, nn


def views_memory(network: nn.Module, images: Tensor) -> bool:
    """True if a network only takes images in contiguous memory; runs it once, without training."""
    modes = [(module, module.training) for module in network.modules()]
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            network.eval()(images)
    except RuntimeError as error:
        return "view size is not compatible" in str(error)
    finally:
        for module, mode in modes:
            module.training = mode
    return False
