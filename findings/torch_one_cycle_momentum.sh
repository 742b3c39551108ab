#!/usr/bin/env bash
# Behaviour: `OneCycleLR` replaces the optimiser's momentum, by default by a cycle from 0.95 to 0.85
#   and back; with Adam and AdamW it replaces the first beta. A sweep over `momentum` or `betas[0]`
#   with this schedule trains the same network each time, bit for bit, and its report finds that the
#   parameter has no effect. Only `cycle_momentum=False` keeps what the optimiser was given.
# Expected before the run: the schedule of a learning rate leaves the momentum as it is.
# Seen with: torch 2.14.1, Python 3.11.
# Output when it was written:
#   SGD, momentum 0 / 0.5 / 0.99: equal weights True; with cycle_momentum=False: False
#   AdamW, beta1 0.5 / 0.8 / 0.99: equal weights True; with cycle_momentum=False: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.14.1 numpy
env/bin/python - <<'PY'
import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import OneCycleLR

STEPS = 30


def trained(make, **options):
    """The weights of a small network after a cycle."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    images, labels = torch.randn(64, 8), torch.randint(0, 3, (64,))
    optimizer = make(network.parameters())
    schedule = OneCycleLR(optimizer, max_lr=0.05, total_steps=STEPS, **options)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
        schedule.step()
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def sgd(momentum):
    return lambda parameters: SGD(parameters, lr=0.05, momentum=momentum)


def adamw(beta):
    return lambda parameters: AdamW(parameters, lr=0.05, betas=(beta, 0.999))


for name, makes in (
    ("SGD, momentum 0 / 0.5 / 0.99", [sgd(value) for value in (0, 0.5, 0.99)]),
    ("AdamW, beta1 0.5 / 0.8 / 0.99", [adamw(value) for value in (0.5, 0.8, 0.99)]),
):
    default = [trained(make) for make in makes]
    kept = [trained(make, cycle_momentum=False) for make in makes]
    same, same_kept = (all(torch.equal(w[0], x) for x in w[1:]) for w in (default, kept))
    print(f"{name}: equal weights {same}; with cycle_momentum=False: {same_kept}")
    assert same and not same_kept, "the behaviour has changed"
PY
