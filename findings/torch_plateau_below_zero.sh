#!/usr/bin/env bash
# Behaviour: ReduceLROnPlateau never lowers the learning rate for a metric below zero that stands
#   still, such as a negative cosine similarity or a log-likelihood. An epoch counts as better than
#   the best if it is below best * (1 - threshold) (mode "min"), and for a best of -0.5 this is
#   -0.49995: the same value again is "better", so is one a little worse, which then is the best
#   that the next epoch is compared with. threshold_mode="abs" does what was meant.
# Expected before the run: the sign of the metric does not matter to a plateau.
# Seen with: torch 2.14.1, Python 3.11.
# Output when it was written:
#   50 epochs of 0.5 (min): learning rate 1 -> 1e-08
#   50 epochs of 0.5 (max): learning rate 1 -> 1e-08
#   50 epochs of -0.5 (min): learning rate 1 -> 1
#   50 epochs of -0.5 (max): learning rate 1 -> 1
#   50 epochs of -0.5 (min, threshold_mode="abs"): learning rate 1 -> 1e-08
#   a loss that rises from -0.90 to -0.75 in 2,500 epochs: learning rate 1 -> 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.14.1 numpy
env/bin/python -W ignore - <<'PY'
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau


def rate_after(metrics, **settings):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = ReduceLROnPlateau(optimizer, patience=3, **settings)
    for metric in metrics:
        scheduler.step(metric)
    return optimizer.param_groups[0]["lr"]


rates = {}
for value in (0.5, -0.5):
    for mode in ("min", "max"):
        rates[value, mode] = rate = rate_after([value] * 50, mode=mode)
        print(f"50 epochs of {value} ({mode}): learning rate 1 -> {rate:.3g}")
absolute = rate_after([-0.5] * 50, mode="min", threshold_mode="abs")
print(f'50 epochs of -0.5 (min, threshold_mode="abs"): learning rate 1 -> {absolute:.3g}')
rising = torch.linspace(-0.90, -0.75, 2500).tolist()
creeping = rate_after(rising, mode="min")
print(f"a loss that rises from -0.90 to -0.75 in 2,500 epochs: learning rate 1 -> {creeping:.3g}")
assert rates[0.5, "min"] < 1e-6 and rates[0.5, "max"] < 1e-6, "the behaviour has changed"
assert rates[-0.5, "min"] == rates[-0.5, "max"] == 1, "the behaviour has changed"
assert absolute < 1e-6, "the behaviour has changed"
assert creeping == 1, "the behaviour has changed"
PY
