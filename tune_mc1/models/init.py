"""Weight initialisation with a separate generator for each layer.

The global generator is neither used nor changed, so a model does not depend on where it is built.
"""

import math

import torch
from torch import nn

from tune_mc1.config.core_parameters import WeightsInit
from tune_mc1.seeding import derive_seed


def init_layer(layer: nn.Conv2d | nn.Linear, name: str, scheme: WeightsInit, seed: int) -> None:
    """Initialises weights and biases of one layer in place.

    `kaiming_*` follow He et al. 2015 with fan-in and the gain of a ReLU, sqrt(2); `xavier_*` follow
    Glorot & Bengio 2010 with gain 1; both set biases to 0. `default` has the distributions of
    PyTorch's own layers: weights and biases uniform within 1 / sqrt(fan-in). `dirac` is `default`,
    but the first filters of a convolution pass on one input channel each (`torch.nn.init.dirac_`),
    as many as there are channels.

    Args:
        layer: The layer.
        name: Its name in the model, which picks the numbers.
        scheme: Name of the initialisation.
        seed: The trial's seed.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "init", name))
    weight, bias = layer.weight, layer.bias
    with torch.no_grad():
        if scheme in ("default", "dirac"):
            bound = 1 / math.sqrt(weight[0].numel())
            for values in (weight, *(() if bias is None else (bias,))):
                values.uniform_(-bound, bound, generator=generator)
            if scheme == "dirac" and weight.ndim == 4:
                nn.init.dirac_(weight[: weight.shape[1]])
            return
        if scheme == "xavier_normal":
            nn.init.xavier_normal_(weight, generator=generator)
        elif scheme == "xavier_uniform":
            nn.init.xavier_uniform_(weight, generator=generator)
        elif scheme == "kaiming_normal":
            nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
        else:
            nn.init.kaiming_uniform_(weight, nonlinearity="relu", generator=generator)
        if bias is not None:
            bias.zero_()
