#!/usr/bin/env bash
# Behaviour: the weights of several linear layers that are trained as one batched product get their
#   gradient in the other order of axes, and it is copied at each step: PyTorch derives it as the
#   transpose of a product, and a gradient is stored in the order of its parameter. So eight layers
#   of 1,000 units are slower as one `bmm`, `einsum` or `vmap` (the documented way to train an
#   ensemble) than as a loop over eight `nn.Linear`. With the weight as the first factor,
#   `bmm(w, x.mT).mT`, nothing is copied. All gradients are equal.
# Expected before the run: the batched product is at least as fast as the loop, and the order of the
#   factors makes no difference to the gradient's memory.
# Seen with: torch 2.14.1, numpy 2.4.6, Python 3.11, CPU (one core of an AMD EPYC).
# Output when it was written (times are not checked):
#   bmm(x, w.mT)       gradient copied, 30 ms
#   einsum             gradient copied, 53 ms
#   vmap of nn.Linear  gradient copied, 31 ms
#   bmm(w, x.mT).mT    gradient kept, 18 ms
#   eight nn.Linear    gradient kept, 18 ms
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6
env/bin/python -W ignore - <<'PY'
import time

import torch
from torch import nn
from torch.func import functional_call, stack_module_state

torch.set_num_threads(1)
K, BATCH, INPUTS, OUTPUTS = 8, 32, 1024, 1000
torch.manual_seed(0)
layers = [nn.Linear(INPUTS, OUTPUTS, bias=False) for _ in range(K)]
stacked, _ = stack_module_state(layers)
images = torch.randn(K, BATCH, INPUTS)


def by_vmap(x, w):
    def one(weight, image):
        return functional_call(layers[0], {"weight": weight}, (image,))

    return torch.vmap(one)(w, x)


WAYS = {
    "bmm(x, w.mT)": lambda x, w: torch.bmm(x, w.mT),
    "einsum": lambda x, w: torch.einsum("kbi,koi->kbo", x, w),
    "vmap of nn.Linear": by_vmap,
    "bmm(w, x.mT).mT": lambda x, w: torch.bmm(w, x.mT).mT,
    "eight nn.Linear": None,
}


def measured(way):
    """Whether a gradient is stored as it was computed, and seconds of a step."""
    if way is None:
        weights = [nn.Parameter(layer.weight.detach().clone()) for layer in layers]
    else:
        weights = [nn.Parameter(stacked["weight"].detach().clone())]
    arrived = {}
    for i, w in enumerate(weights):
        w.register_hook(lambda g, i=i: arrived.update({i: g.data_ptr()}))
    spent = []
    for _ in range(12):
        for w in weights:
            w.grad = None
        began = time.process_time()
        if way is None:
            outputs = torch.stack([nn.functional.linear(x, w) for x, w in zip(images, weights)])
        else:
            outputs = way(images, weights[0])
        outputs.square().sum().backward()
        spent.append(time.process_time() - began)
    same = all(arrived[i] == w.grad.data_ptr() for i, w in enumerate(weights))
    gradients = torch.stack([w.grad for w in weights]).view(K, OUTPUTS, INPUTS)
    return same, sorted(spent)[4], gradients


first = None
kept = {}
for name, way in WAYS.items():
    kept[name], seconds, gradient = measured(way)
    first = gradient if first is None else first
    assert torch.allclose(gradient, first, rtol=1e-3, atol=1e-2)
    print(f"{name:<18} gradient {'kept' if kept[name] else 'copied'}, {1000 * seconds:.0f} ms")
expected = dict(zip(WAYS, (False, False, False, True, True), strict=True))
assert kept == expected, "the behaviour has changed"
PY
