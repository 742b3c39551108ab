#!/usr/bin/env bash
# Behaviour: metrics of torchmetrics that take logits or probabilities decide which of them a batch
#   holds by its values: if all lie between 0 and 1, they are probabilities. This happens in each
#   update, so the accuracy of one set of logits depends on the size of the batches, and the
#   calibration error and AUROC of a network whose logits are small change if a constant is added
#   to all of them, which changes no probability. Give probabilities, and both are right.
# Expected before the run: the same accuracy for any batch size; logits recognised by a parameter.
# Seen with: torchmetrics 1.9.0, torch 2.14.1, Python 3.11.
# Output when it was written:
#   BinaryAccuracy of 3,000 logits: all at once 0.8360, batches of 1 0.8023
#   the same as probabilities: all at once 0.8360, batches of 1 0.8360
#   three classes, small logits: calibration error 0.189, AUROC 0.794
#   the same logits + 5: calibration error 0.315, AUROC 0.845
#   their probabilities: calibration error 0.315, AUROC 0.845
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torchmetrics==1.9.0 torch==2.14.1 numpy
env/bin/python -W ignore - <<'PY'
import torch
from torchmetrics.classification import (
    BinaryAccuracy,
    MulticlassAUROC,
    MulticlassCalibrationError,
)


def accuracy(scores, labels, batch_size):
    metric = BinaryAccuracy()
    for part, truth in zip(scores.split(batch_size), labels.split(batch_size)):
        metric.update(part, truth)
    return float(metric.compute())


torch.manual_seed(0)
labels = torch.randint(0, 2, (3000,))
logits = torch.randn(3000) + 2 * labels - 1
pairs = {}
for name, scores in (("logits", logits), ("probabilities", logits.sigmoid())):
    pairs[name] = accuracy(scores, labels, 3000), accuracy(scores, labels, 1)
words = "all at once {:.4f}, batches of 1 {:.4f}"
print("BinaryAccuracy of 3,000 logits:", words.format(*pairs["logits"]))
print("the same as probabilities:", words.format(*pairs["probabilities"]))

labels = torch.randint(0, 3, (3000,))
known = torch.nn.functional.one_hot(labels, 3)
small = (0.35 + 0.1 * torch.randn(3000, 3) + 0.12 * known).clamp(0, 1)
seen = {}
for name, scores in (
    ("three classes, small logits", small),
    ("the same logits + 5", small + 5),
    ("their probabilities", small.softmax(1)),
):
    error = float(MulticlassCalibrationError(3)(scores, labels))
    auroc = float(MulticlassAUROC(3)(scores, labels))
    seen[name] = error, auroc
    print(f"{name}: calibration error {error:.3f}, AUROC {auroc:.3f}")
assert pairs["probabilities"][0] == pairs["probabilities"][1], "the behaviour has changed"
assert pairs["logits"][0] - pairs["logits"][1] > 0.02, "the behaviour has changed"
first, shifted, right = seen.values()
assert abs(shifted[0] - right[0]) < 1e-4 and abs(shifted[1] - right[1]) < 1e-4, "has changed"
assert right[0] - first[0] > 0.05 and right[1] - first[1] > 0.02, "the behaviour has changed"
PY
