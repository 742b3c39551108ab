#!/usr/bin/env bash
# Behaviour: Ray starts a worker process a CPU before anyone asks for one, so that the first tasks
#   need not wait. Trials of Ray Tune never run in these: `ray.tune` gives each trial's actor a
#   runtime environment, with the variable PL_DISABLE_FORK, and Ray starts a further process for
#   every trial, while those that it has started sit idle beside them. A sweep on a machine with n
#   CPUs so imports Ray in 2n processes. Setting the variable for all of Ray does not help.
# Expected before the run: trials run in the processes that are there, as tasks do.
# Seen with: ray 2.60.0, Python 3.11, on Linux.
# Output when it was written:
#   a task runs in a process that was there: True
#   trials that run in a process that was there: 0 of 2
#   the same with PL_DISABLE_FORK set for all of Ray: 0 of 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check "ray[tune]==2.60.0" psutil
cat > trials.py <<'PY'
import os
import sys
import time

import psutil
import ray
from ray import tune


def trial(config):
    time.sleep(2)  # both at once
    tune.report({"pid": os.getpid()})


def idle():
    """Processes that Ray has started before anyone asked for one."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        family = psutil.Process().children(recursive=True)
        found = {p.pid for p in family if p.status() != "zombie" and p.name().startswith("ray::IDLE")}
        if len(found) == 2:
            return found
        time.sleep(0.2)
    raise SystemExit("behaviour has changed: no processes in advance")


ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
there = idle()
if sys.argv[1] == "task":
    task = ray.remote(lambda: os.getpid())
    found = ray.get(task.remote()) in there
    print("a task runs in a process that was there:", found)
    assert found, "behaviour has changed"
else:
    tuner = tune.Tuner(
        tune.with_resources(trial, {"cpu": 1}),
        param_space={"x": tune.grid_search([1, 2])},
        run_config=tune.RunConfig(storage_path=os.getcwd(), verbose=0),
    )
    used = {result.metrics["pid"] for result in tuner.fit()}
    print(f"{sys.argv[1]}: {len(used & there)} of {len(used)}")
    assert len(used) == 2 and not used & there, "behaviour has changed"
ray.shutdown()
PY
env/bin/python trials.py task 2>/dev/null
env/bin/python trials.py "trials that run in a process that was there" 2>/dev/null | grep "^trials"
PL_DISABLE_FORK=1 env/bin/python trials.py \
  "the same with PL_DISABLE_FORK set for all of Ray" 2>/dev/null | grep "^the same"
