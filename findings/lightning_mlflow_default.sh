#!/usr/bin/env bash
# Lightning 2.6.6 with MLflow 3.17.2 (mlflow-skinny), Python 3.11.
#
# Question: does Lightning's `MLFlowLogger` log with its defaults, as in its documentation?
# Expected: a run in `./mlruns`, its documented `save_dir`, as with MLflow for years.
# Seen: MlflowException when the experiment is first used. The default `save_dir` becomes the URI
#   `file:./mlruns`, and MLflow no longer takes a folder of files as a store of runs. With
#   `tracking_uri="sqlite:///mlflow.db"` the same logger works.
# So whoever takes a user's `MLFlowLogger` by its class path must expect it to fail before training
# unless a tracking URI is given.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lightning==2.6.6 mlflow-skinny==3.17.2 \
  sqlalchemy==2.1.9 alembic==1.20.1
env -u MLFLOW_TRACKING_URI venv/bin/python - <<'PY'
import logging

from lightning.pytorch.loggers import MLFlowLogger
from mlflow.exceptions import MlflowException

logging.disable(logging.WARNING)


def metrics(**options: str) -> list[str]:
    logger = MLFlowLogger(**options)
    logger.log_metrics({"acc": 0.5}, step=1)
    return sorted(logger.experiment.get_run(logger.run_id).data.metrics)


try:
    metrics()
    seen = "a run"
except MlflowException as error:
    seen = f"MlflowException: {str(error).splitlines()[0][:100]}"
print("defaults:", seen)
assert seen.startswith("MlflowException"), "the behaviour has changed"
with_database = metrics(tracking_uri="sqlite:///mlflow.db")
print("sqlite:", with_database)
assert with_database == ["acc"], "the behaviour has changed"
PY
