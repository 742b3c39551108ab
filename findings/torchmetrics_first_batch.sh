#!/usr/bin/env bash
# Behaviour: `MetricCollection` decides by the first batch which of its metrics are one. Those whose
#   states are equal after it share one state for good, also after `reset()`: recalls at thresholds
#   of 0.5, 0.7 and 0.9, or accuracies with and without `ignore_index`, are the same number in each
#   epoch if no image of the first batch tells them apart. Which metrics these are depends on the
#   order of the images. `compute_groups=False` keeps them apart.
# Expected before the run: metrics with different arguments never share a state, or the numbers of a
#   whole epoch do not depend on the order of the images.
# Seen with: torchmetrics 1.9.0, torch 2.14.1, Python 3.11.
# Output when it was written:
#   recall at 0.5, 0.7, 0.9: 0.835 0.709 0.451
#   wrong in 100 orders: batches of 8 65, of 16 30, of 32 9
#   one of them, also after reset(): 0.835 0.835 0.451
#   accuracy of all, without class 3: 0.408 0.407; if the first batch has no class 3: 0.408 0.408
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torchmetrics==1.9.0 torch==2.14.1 numpy
env/bin/python -W ignore - <<'PY'
import torch
from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryRecall, MulticlassAccuracy


def epoch(metrics, scores, labels, order, batch_size):
    for batch in order.split(batch_size):
        metrics.update(scores[batch], labels[batch])
    return [round(float(value), 3) for value in metrics.compute().values()]


def recalls(**options):
    each = {f"recall_{cut}": BinaryRecall(threshold=cut / 100) for cut in (50, 70, 90)}
    return MetricCollection(each, **options)


torch.manual_seed(0)
labels = torch.randint(0, 2, (4000,))
scores = torch.sigmoid(2 * torch.randn(4000) + 4 * labels - 2)
orders = [torch.randperm(4000) for _ in range(100)]
right = epoch(recalls(compute_groups=False), scores, labels, orders[0], 32)
print("recall at 0.5, 0.7, 0.9:", *(f"{value:.3f}" for value in right))
wrong = {}
for size in (8, 16, 32):
    wrong[size] = []
    for order in orders:
        metrics = recalls()
        for batch in (order[:size], order[size:]):  # only the first batch decides
            metrics.update(scores[batch], labels[batch])
        if [round(float(value), 3) for value in metrics.compute().values()] != right:
            wrong[size].append(order)
print("wrong in 100 orders: batches of 8 {}, of 16 {}, of 32 {}".format(*map(len, wrong.values())))
metrics = recalls()
first = epoch(metrics, scores, labels, wrong[32][0], 32)
metrics.reset()
second = epoch(metrics, scores, labels, orders[0], 32)
print("one of them, also after reset():", *(f"{value:.3f}" for value in first))
assert right[0] > right[1] > right[2], "the behaviour has changed"
assert 0 < len(wrong[32]) < len(wrong[16]) < len(wrong[8]), "the behaviour has changed"
assert first == second != right, "the behaviour has changed"

labels = torch.randint(0, 10, (2000,))
scores = torch.randn(2000, 10) + 1.2 * torch.nn.functional.one_hot(labels, 10)
pairs = []
for order in (torch.arange(2000), (labels == 3).long().argsort(stable=True)):
    metrics = MetricCollection({
        "all": MulticlassAccuracy(10, average="micro"),
        "known": MulticlassAccuracy(10, average="micro", ignore_index=3),
    })
    pairs.append(epoch(metrics, scores, labels, order, 32))
words = ["{:.3f} {:.3f}".format(*pair) for pair in pairs]
print("accuracy of all, without class 3: {}; if the first batch has no class 3: {}".format(*words))
assert pairs[0][0] != pairs[0][1], "the behaviour has changed"
assert pairs[1] == [pairs[0][0]] * 2, "the behaviour has changed"
PY
