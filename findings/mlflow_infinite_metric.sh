#!/usr/bin/env bash
# Behaviour: MLflow's database keeps an infinite metric as the largest float. A loss that was logged
#   as inf is read back as 1.8e308, which `math.isfinite` and every filter for diverged runs take for
#   a number, and whose mean with any other is finite too. NaN is kept.
# Expected before the run: inf is read as inf, as NaN is read as NaN.
# Seen with: mlflow-skinny 3.17.2, sqlalchemy 2.1.9, Python 3.11.
# Output when it was written:
#   logged: [0.5, inf, -inf, nan]
#   read: [0.5, 1.7976931348623157e+308, -1.7976931348623157e+308, nan]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 \
  alembic==1.20.1
env/bin/python - <<'PY'
import logging
import math
import sys

import mlflow

logging.disable(logging.WARNING)
mlflow.set_tracking_uri("sqlite:///mlflow.db")
logged = [0.5, math.inf, -math.inf, math.nan]
with mlflow.start_run() as run:
    for step, value in enumerate(logged):
        mlflow.log_metric("loss", value, step=step)
history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
read = [metric.value for metric in history]
print("logged:", logged)
print("read:", read)
assert read[:3] == [0.5, sys.float_info.max, -sys.float_info.max], "the behaviour has changed"
assert math.isnan(read[3]), "the behaviour has changed"
PY
