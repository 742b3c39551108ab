#!/usr/bin/env bash
# Behaviour: of the 64 bits of a seed PyTorch's CPU generator uses the lower 32. Seeds that are
#   composed, such as `run << 32 | epoch`, give each run the same initial weights, the same order of
#   images and the same dropout, and so replicates whose standard deviation is 0. Nothing shows it:
#   any integer of 64 bits is a valid seed, and `initial_seed()` returns it whole. Python's and NumPy's
#   generators use all bits, and seeds of more than 32 are an error to `numpy.random.seed`.
#   A seed of -1 is that of 2**32 - 1.
# Expected before the run: another stream for another seed, as the documentation names the range of
#   64 bits as valid.
# Seen with: torch 2.14.1, numpy 2.4.6, Python 3.11, CPU.
# Output when it was written:
#   seeds of four runs: 7 4294967303 8589934599 12884901895
#   different weights 1, orders of images 1, dropout masks 1, initial_seed() 4
#   different numbers of numpy 4, of random 4
#   -1 and 2**32 - 1 are equal: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6
env/bin/python -W ignore - <<'PY'
import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

EPOCH = 7
seeds = [run << 32 | EPOCH for run in range(4)]


def drawn(seed):
    """All that a run draws, by name, in forms that can be compared."""
    torch.manual_seed(seed)
    weights = nn.Linear(16, 16).weight
    mask = nn.Dropout(0.5)(torch.ones(64))
    generator = torch.Generator().manual_seed(seed)
    batches = DataLoader(range(100), 10, shuffle=True, generator=generator)
    return {
        "weights": tuple(weights.flatten().tolist()),
        "order": tuple(torch.cat(list(batches)).tolist()),
        "mask": tuple(mask.tolist()),
        "initial_seed": generator.initial_seed(),
        "numpy": float(np.random.default_rng(seed).random()),
        "random": random.Random(seed).random(),
    }


runs = [drawn(seed) for seed in seeds]
different = {name: len({run[name] for run in runs}) for name in runs[0]}
print("seeds of four runs:", *seeds)
print("different weights {weights}, orders of images {order}, dropout masks {mask}, "
      "initial_seed() {initial_seed}".format(**different))
print("different numbers of numpy {numpy}, of random {random}".format(**different))
minus_one = torch.equal(
    torch.rand(9, generator=torch.Generator().manual_seed(-1)),
    torch.rand(9, generator=torch.Generator().manual_seed(2**32 - 1)),
)
print("-1 and 2**32 - 1 are equal:", minus_one)
assert different["weights"] == different["order"] == different["mask"] == 1, "has changed"
assert different["initial_seed"] == different["numpy"] == different["random"] == 4, "has changed"
assert drawn(8)["weights"] != runs[0]["weights"], "the behaviour has changed"
assert minus_one, "the behaviour has changed"
PY
