#!/usr/bin/env bash
# Behaviour: `cross_entropy` with class weights divides by the sum of the weights of the labels, but
#   by the number of images where labels are probabilities. The same labels, once as numbers and once
#   as one-hot vectors, have losses and gradients that differ by the mean weight. Who adds mixup or
#   CutMix, which need probabilities, to a training with weights so changes its learning rate too.
# Expected before the run: one-hot probabilities give the loss of the class numbers, as they do
#   without weights.
# Seen with: torch 2.14.1, Python 3.11.
# Output when it was written:
#   without weights: one-hot / numbers = 1.000
#   weights of 1 to 10: one-hot / numbers = 5.412, gradients 5.412, mean weight of a label 5.412
#   the same with label_smoothing 0.1: 5.412
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.14.1 numpy
env/bin/python - <<'PY'
import torch
from torch.nn.functional import cross_entropy, one_hot

torch.manual_seed(0)
labels = torch.randint(0, 10, (500,))
scores = torch.randn(500, 10) + 2 * one_hot(labels, 10)
weight = torch.arange(1.0, 11.0)


def loss_and_slope(targets, **options):
    """The mean loss, and the length of its gradient."""
    logits = scores.clone().requires_grad_()
    loss = cross_entropy(logits, targets, **options)
    loss.backward()
    return torch.stack([loss.detach(), logits.grad.norm()])


def ratio(**options):
    return loss_and_slope(one_hot(labels, 10).float(), **options) / loss_and_slope(labels, **options)


plain, weighted = ratio(), ratio(weight=weight)
smoothed = ratio(weight=weight, label_smoothing=0.1)
mean = weight[labels].mean()
print(f"without weights: one-hot / numbers = {plain[0]:.3f}")
print(f"weights of 1 to 10: one-hot / numbers = {weighted[0]:.3f}, gradients {weighted[1]:.3f}, "
      f"mean weight of a label {mean:.3f}")
print(f"the same with label_smoothing 0.1: {smoothed[0]:.3f}")
assert torch.allclose(plain, torch.ones(2)), "the behaviour has changed"
assert torch.allclose(weighted, mean.expand(2)), "the behaviour has changed"
assert torch.allclose(smoothed, mean.expand(2)), "the behaviour has changed"
PY
