#!/usr/bin/env bash
# Behaviour: in one process, `torch.compile` compiles the first eight networks of a class and runs
#   all others as they are, although each is a new object, compiled by its own call, and the earlier
#   ones are gone. One would expect that a call of `torch.compile` depends on its own network only.
#   A hyperparameter search in one process so trains its first eight settings compiled and all others
#   not; the one sign of it is a warning on standard error, at the ninth. `torch.compiler.reset()`
#   between networks compiles them all.
# Expected before the run: twelve of twelve networks of twelve widths are compiled.
# Seen with: torch 2.14.1, Python 3.11. Dynamo keeps what it compiled with the code of `forward`,
#   which all instances share, up to `torch._dynamo.config.recompile_limit`.
# Output when it was written:
#   one after the other: 1 2 3 4 5 6 7 8 of 12 compiled
#   with reset():        1 2 3 4 5 6 7 8 9 10 11 12 of 12 compiled
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.14.1 numpy
cat > networks.py <<'PY'
import gc

import torch
from torch import nn


class Network(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.hidden, self.last = nn.Linear(8, width), nn.Linear(width, 2)

    def forward(self, inputs):
        return self.last(torch.relu(self.hidden(inputs)))


calls = []


def count(graph, inputs):
    """A backend of torch.compile that notes each compilation and runs the graph as it is."""
    calls.append(graph)
    return graph.forward


def compiled(reset):
    found = []
    for width in range(1, 13):
        if reset:
            torch.compiler.reset()
        before = len(calls)
        network = torch.compile(Network(width), backend=count, dynamic=False)
        network(torch.zeros(4, 8))
        if len(calls) > before:
            found.append(width)
        del network
        gc.collect()
    return found


plain, renewed = compiled(reset=False), compiled(reset=True)
print("one after the other:", *plain, "of 12 compiled")
print("with reset():       ", *renewed, "of 12 compiled")
assert plain == list(range(1, 9)), "behaviour has changed"
assert renewed == list(range(1, 13)), "behaviour has changed"
PY
env/bin/python networks.py 2>/dev/null
