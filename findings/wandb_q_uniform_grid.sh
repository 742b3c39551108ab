#!/usr/bin/env bash
# W&B's sweep engine, package sweeps 0.3.0 with NumPy 1.26.4, Python 3.11.
#
# Question: which batch sizes does `{distribution: q_uniform, min: 8, max: 100, q: 16}` try?
# Expected: multiples of 16 within the bounds, in a grid all of them: 16, 32, ... 96.
# Seen: a random search draws these. A grid tries 8, 24, 40, 56, 72, 88: it counts from `min`, and
#   leaves out `max`. The two have no value in common.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  sweeps==0.3.0 numpy==1.26.4 'scipy<1.14' 'scikit-learn<1.6'
venv/bin/python - <<'PY'
import random

from sweeps.grid_search import grid_search_next_runs
from sweeps.random_search import random_search_next_runs

random.seed(0)
parameters = {"b": {"distribution": "q_uniform", "min": 8, "max": 100, "q": 16}}


def values(runs):
    return sorted({int(run.config["b"]["value"]) for run in runs if run is not None})


grid = values(grid_search_next_runs([], {"method": "grid", "parameters": parameters}, n=20))
drawn = values(random_search_next_runs({"method": "random", "parameters": parameters}, n=2000))
print("grid:  ", grid)
print("random:", drawn)
assert grid == [8, 24, 40, 56, 72, 88], "the behaviour has changed"
assert drawn == [16, 32, 48, 64, 80, 96], "the behaviour has changed"
PY
