#!/usr/bin/env bash
# Behaviour: timm's optimiser `sgd` is SGD with Nesterov's momentum; plain momentum is its optimiser
#   `momentum`. With the same learning rate, momentum and weight decay, a sweep whose programs use
#   timm and one whose programs use `torch.optim.SGD` train different networks under one name.
# Expected before the run: `sgd` with a momentum is `torch.optim.SGD` with that momentum.
# Seen with: timm 1.0.31, torch 2.14.1, Python 3.11.
# Output when it was written:
#   as torch.optim.SGD(momentum=0.9): sgd False, momentum True
#   as torch.optim.SGD(momentum=0.9, nesterov=True): sgd True, momentum False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check timm==1.0.31 torch==2.14.1 \
  torchvision==0.29.1 numpy
env/bin/python -W ignore - <<'PY'
import torch
from timm.optim import create_optimizer_v2


def trained(make):
    """The weights of a linear layer after ten steps."""
    torch.manual_seed(0)
    layer, images, labels = torch.nn.Linear(8, 3), torch.randn(64, 8), torch.randint(0, 3, (64,))
    optimizer = make(layer)
    for _ in range(10):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(layer(images), labels).backward()
        optimizer.step()
    return layer.weight.detach()


def of_torch(nesterov):
    return lambda m: torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9, nesterov=nesterov)


def of_timm(name):
    return lambda m: create_optimizer_v2(m, opt=name, lr=0.1, momentum=0.9, weight_decay=0.0)


for nesterov, words in ((False, ""), (True, ", nesterov=True")):
    expected = trained(of_torch(nesterov))
    same = {name: torch.equal(trained(of_timm(name)), expected) for name in ("sgd", "momentum")}
    print(f"as torch.optim.SGD(momentum=0.9{words}): sgd {same['sgd']}, momentum {same['momentum']}")
    assert same == {"sgd": nesterov, "momentum": not nesterov}, "the behaviour has changed"
PY
