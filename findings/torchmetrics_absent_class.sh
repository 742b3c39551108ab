#!/usr/bin/env bash
# Behaviour: torchmetrics' macro AUROC counts a class without a single image in the targets as 0
#   instead of leaving it out. A nearly perfect classifier of ten classes has 0.90 on a validation
#   split in which one of them is missing. A warning says that a "zero tensor" is returned for the
#   true positives; the F1 score of the same package leaves out a class that is in neither the
#   targets nor the predictions, and scikit-learn gives the class no number and says so.
# Expected before the run: the mean over the nine classes that are there, or an error.
# Seen with: torchmetrics 1.9.0, torch 2.14.1, scikit-learn 1.9.1, Python 3.11.
# Output when it was written:
#   AUROC of each class: 1.00 1.00 1.00 1.00 1.00 1.00 1.00 1.00 1.00 0.00
#   macro AUROC 0.900; over the classes that are there 1.000
#   macro F1 0.988; over the classes that are there 0.988
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torchmetrics==1.9.0 torch==2.14.1 \
  scikit-learn==1.9.1 numpy
env/bin/python -W ignore - <<'PY'
import torch
from sklearn.metrics import f1_score
from torchmetrics.classification import MulticlassAUROC, MulticlassF1Score

torch.manual_seed(0)
labels = torch.randint(0, 9, (2000,))  # nobody has class 9
logits = torch.randn(2000, 10) + 4 * torch.nn.functional.one_hot(labels, 10)
logits[:, 9] -= 20  # and nobody is taken for it

each = MulticlassAUROC(10, average=None)(logits.softmax(1), labels)
macro = MulticlassAUROC(10)(logits.softmax(1), labels)
f1 = MulticlassF1Score(10)(logits.argmax(1), labels)
there = f1_score(labels, logits.argmax(1), average="macro")
print("AUROC of each class:", *(f"{value:.2f}" for value in each))
print(f"macro AUROC {macro:.3f}; over the classes that are there {each[:9].mean():.3f}")
print(f"macro F1 {f1:.3f}; over the classes that are there {there:.3f}")
assert each[9] == 0, "the behaviour has changed"
assert abs(macro - each[:9].sum() / 10) < 1e-6, "the behaviour has changed"
assert abs(f1 - there) < 1e-6, "the behaviour has changed"
PY
