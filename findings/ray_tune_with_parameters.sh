#!/usr/bin/env bash
# Behaviour: what `tune.with_parameters` passes to trials stays in Ray's object store until the process
#   disconnects from Ray: also when the tuner, its results and all references are deleted and Python's
#   garbage is collected. Each further tuner with the same array adds a copy. An array of `ray.put`
#   alone is freed once its reference is deleted. The wrapper's registry is kept by a hook of
#   `ray.init`, and its references are pickled into the trainable, where Ray does not follow them.
# Expected before the run: the object store holds the array as long as the tuner, as that of `ray.put`.
# Seen with: ray[tune] 2.60.0, Python 3.11 (grpcio 1.85.3 only to ask for the figures).
# Output when it was written: megabytes in the object store
#   ray.put: 50, deleted: 0; with_parameters, deleted: 50, a second one: 100
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check "ray[tune]==2.60.0" "grpcio==1.85.3"

cat >tuner.py <<'PYTHON'
import gc
import os
import re
import time

import numpy as np
import ray
from ray import tune
from ray._private.internal_api import memory_summary

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="error")


def held():
    """Megabytes in the object store, in steps of ten."""
    time.sleep(3)
    address = ray.get_runtime_context().gcs_address
    text = memory_summary(address=address, stats_only=True)
    return round(int(re.search(r"memory usage (\d+) MiB", text).group(1)) / 10) * 10


def train(config, data):
    tune.report({"size": data.size})


def run():
    data = np.zeros(50 << 20, np.uint8)
    config = tune.RunConfig(storage_path=os.path.abspath("results"), verbose=0)
    tuner = tune.Tuner(tune.with_parameters(train, data=data), run_config=config)
    assert tuner.fit()[0].metrics["size"] == data.size


reference = ray.put(np.zeros(50 << 20, np.uint8))
seen = [held()]
del reference
seen.append(held())
for _ in range(2):
    run()
    gc.collect()
    seen.append(held())
print("ray.put: %d, deleted: %d; with_parameters, deleted: %d, a second one: %d" % tuple(seen))
PYTHON

seen=$(env/bin/python tuner.py 2>/dev/null | tail -n 1)
echo "megabytes in the object store: $seen"
[ "$seen" = "ray.put: 50, deleted: 0; with_parameters, deleted: 50, a second one: 100" ] || {
  echo "this has changed"
  exit 1
}
