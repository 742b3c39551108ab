"""CPU of the driver a trivial trial with five reports: our sweep against bare Ray Tune.

Ours is `tune_mc1.sweep` as it is, with ASHA, journal, result files and progress, but its trials
report made-up rows. Bare Tune has Ray's own ASHAScheduler, reused actors and no callbacks. All
scores are equal, so that neither ASHA stops any trial.
"""

import io
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import ray
from ray import tune
from ray.tune import RunConfig, TuneConfig, Tuner
from ray.tune.schedulers import ASHAScheduler
from rich.console import Console

from tests.benchmarks.common import Figure, alternate, images, parser, publish
from tune_mc1 import sweep as sweep_module
from tune_mc1 import tuning
from tune_mc1.data.images import ImageData
from tune_mc1.events import sweep_event, trial_event, write_head
from tune_mc1.prepare import prepare
from tune_mc1.progress import SweepView
from tune_mc1.resources import TrialResources
from tune_mc1.result_dir import ResultDir, ResultWriter
from tune_mc1.results import METRICS
from tune_mc1.sweep import QUIET_RAY
from tune_mc1.tuning import SweepRun

EPOCHS = 5
SCORE = 0.5
RESOURCES = TrialResources(cpu=1, gpu=0)


def trivial(config: dict[str, Any], job: Any, data: Any) -> None:
    """Reports rows of the right form for our sweep."""
    (trial,) = config["trials"]
    for epoch in range(1, EPOCHS + 1):
        row = {
            "trial": trial["id"],
            "epoch": epoch,
            **dict.fromkeys(METRICS, SCORE),
            "learning_rate": 0.01,
            "steps": epoch,
            "seconds": 1.0,
            "images_per_second": 1.0,
            "node": "node",
            "device_name": "cpu",
        }
        tune.report({"rows": [row], "epoch": epoch, "val_acc": SCORE})


def trivial_bare(config: dict[str, Any]) -> None:
    """Reports a score for bare Tune."""
    for epoch in range(1, EPOCHS + 1):
        tune.report({"epoch": epoch, "val_acc": SCORE})


def ours(trials: int, data: ImageData) -> float:
    """CPU-milliseconds a trial of the driver: our sweep."""
    plan = prepare("asha", None, overrides=[f"epochs={EPOCHS}"], run_cap=trials, data="shapes10")
    with tempfile.TemporaryDirectory() as folder:
        where = ResultDir.create(Path(folder), "driver")
        run = SweepRun(plan.sweep, plan.trials, data, where)
        view = SweepView(Console(file=io.StringIO()), trials)
        images_ref = ray.put(data)
        job = sweep_module._job(run, RESOURCES)
        began = time.process_time()
        write_head(where, plan.sweep, data)
        writer = ResultWriter(where)
        writer.write(sweep_event(plan.sweep, data), *(trial_event(t) for t in plan.trials))
        with patch.object(tuning, "run_in_tune", trivial), view.showing(writer.tables):
            tuning.tune_trials(run, job, images_ref, RESOURCES, writer, view)
        writer.close()
        spent = time.process_time() - began
        assert len(writer.tables.history) == trials * EPOCHS, "ASHA stopped a trial"
    return spent / trials * 1e3


def bare(trials: int) -> float:
    """CPU-milliseconds a trial of the driver: Ray Tune alone."""
    with tempfile.TemporaryDirectory() as folder:
        tuner = Tuner(
            tune.with_resources(trivial_bare, {"cpu": RESOURCES.cpu}),
            param_space={"index": tune.grid_search(list(range(trials)))},
            tune_config=TuneConfig(
                scheduler=ASHAScheduler(
                    time_attr="epoch",
                    metric="val_acc",
                    mode="max",
                    grace_period=1,
                    reduction_factor=3,
                    max_t=EPOCHS + 1,  # at max_t Ray's ASHA would stop the trial by itself
                ),
                reuse_actors=True,
            ),
            run_config=RunConfig(name="bare", storage_path=folder, verbose=0),
        )
        began = time.process_time()
        results = tuner.fit()
        spent = time.process_time() - began
        counts = results.get_dataframe()["training_iteration"]
        assert counts.min() == EPOCHS, "ASHA stopped a trial"
    return spent / trials * 1e3


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--trials", type=int, default=40)
    args = made.parse_args()
    os.environ.update(QUIET_RAY)
    data = images(1000)
    ray.init(
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env={"env_vars": QUIET_RAY},
    )
    cost = alternate(
        {"ours": lambda: ours(args.trials, data), "bare": lambda: bare(args.trials)}, args.runs
    )
    ray.shutdown()
    more = [a - b for a, b in zip(cost["ours"], cost["bare"], strict=True)]
    figures = [
        Figure("driver's CPU a trial, more than bare Tune", more, "ms", "<= 3"),
        Figure("driver's CPU a trial, ours", cost["ours"], "ms"),
        Figure("driver's CPU a trial, bare Tune", cost["bare"], "ms"),
    ]
    publish(figures, args.json, trials=args.trials, reports=EPOCHS)


if __name__ == "__main__":
    main()
