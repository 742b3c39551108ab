#!/usr/bin/env bash
# Behaviour: the `layer_decay` of timm's `create_optimizer_v2` does nothing with a schedule of PyTorch
#   or without one. It writes a factor `lr_scale` into each parameter group, by which only timm's own
#   schedules multiply the rate; the optimiser steps all layers at the full rate. Layer decays of
#   0.5 and 0.9, and none, train the same network bit for bit, and a search over them finds that they
#   have no effect. The documentation shows the parameter without a schedule. Multiplying each
#   group's rate by its factor before a schedule of PyTorch is made does what was meant.
# Expected before the run: rates of the groups fall from the head to the first layer.
# Seen with: timm 1.0.31, torch 2.14.1, Python 3.11.
# Output when it was written (mean change of the first and last block's weights in the first step, as
# parts of the learning rate; whether decays 0.5, 0.9 and none give equal weights after four steps):
#   no schedule: 1.00 1.00, equal True
#   torch's CosineAnnealingLR: 1.00 1.00, equal True
#   timm's CosineLRScheduler: 0.12 0.50, equal False
#   lr_scale by hand, CosineAnnealingLR: 0.12 0.50, equal False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check timm==1.0.31 torch==2.14.1 numpy
env/bin/python -W ignore - <<'PY'
import timm
import torch
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler
from torch.optim.lr_scheduler import CosineAnnealingLR

STEPS, RATE = 4, 0.001
torch.set_num_threads(1)


def trained(decay, schedule, by_hand):
    """Changes of the first and last block in the first step; all weights after the last."""
    torch.manual_seed(0)
    network = timm.create_model(
        "vit_tiny_patch16_224", img_size=32, patch_size=8, num_classes=10, depth=3
    )
    images, labels = torch.randn(8, 3, 32, 32), torch.randint(0, 10, (8,))
    optimizer = create_optimizer_v2(
        network, opt="adamw", lr=RATE, weight_decay=0.05, layer_decay=decay
    )
    if by_hand:
        for group in optimizer.param_groups:
            group["lr"] *= group.get("lr_scale", 1)
    plan = schedule(optimizer)
    watched = [network.blocks[at].attn.qkv.weight for at in (0, -1)]
    before = [weight.detach().clone() for weight in watched]
    for step in range(STEPS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
        if step == 0:
            moved = [float((new - old).abs().mean()) for new, old in zip(watched, before)]
        if isinstance(plan, CosineLRScheduler):
            plan.step(step + 1)
        elif plan is not None:
            plan.step()
    weights = torch.cat([weight.detach().flatten() for weight in network.parameters()])
    return [change / RATE for change in moved], weights


def with_torch(optimizer):
    return CosineAnnealingLR(optimizer, STEPS)


def with_timm(optimizer):
    return CosineLRScheduler(optimizer, STEPS)


for name, schedule, by_hand, ignored in (
    ("no schedule", lambda optimizer: None, False, True),
    ("torch's CosineAnnealingLR", with_torch, False, True),
    ("timm's CosineLRScheduler", with_timm, False, False),
    ("lr_scale by hand, CosineAnnealingLR", with_torch, True, False),
):
    (first, last), half = trained(0.5, schedule, by_hand)
    others = [trained(decay, schedule, by_hand)[1] for decay in (0.9, None)]
    equal = all(torch.equal(half, other) for other in others)
    print(f"{name}: {first:.2f} {last:.2f}, equal {equal}", flush=True)
    assert equal is ignored, "the behaviour has changed"
    assert (first > 0.9) is ignored, "the behaviour has changed"
PY
