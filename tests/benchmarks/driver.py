"""CPU of the driver for a trivial trial with five reports: our sweep against bare Ray Tune.

Ours is `tune_mc1.running.driver` as it is, with ASHA, journal, result files and progress, but
its trials report made-up rows. Bare Tune has Ray's own ASHAScheduler, reused actors and no
callbacks. All scores are equal, so that neither ASHA stops any trial.
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
from tune_mc1.cluster.ray_runtime import QUIET_RAY
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.data.images import ImageData
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare
from tune_mc1.planning.resources import TrialResources
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import trial_event
from tune_mc1.results.head import sweep_event, write_head
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running import driver as sweep_module
from tune_mc1.running import ray_tuner, tuning
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.live_view import SweepView

EPOCHS = 5
SCORE = 0.5
RESOURCES = TrialResources(cpu=1, gpu=0)


def trivial(config: dict[str, Any], context: Any, data: Any) -> None:
    """Reports rows of the right form for our sweep."""
    for epoch in range(1, EPOCHS + 1):
        row = {
            "epoch": epoch,
            **dict.fromkeys(epoch_metrics(), SCORE),
            "learning_rate": 0.01,
            "steps": epoch,
            "seconds": 1.0,
            "images_per_second": 1.0,
            "node": "node",
            "device_name": "cpu",
        }
        rows = [{"trial": trial["id"], **row} for trial in config["trials"]]
        tune.report({"rows": rows, "epoch": epoch, "val_acc": SCORE})


def trivial_bare(config: dict[str, Any]) -> None:
    """Reports a score for bare Tune."""
    for epoch in range(1, EPOCHS + 1):
        tune.report({"epoch": epoch, "val_acc": SCORE})


def start_ray() -> None:
    """Starts Ray as a sweep does."""
    os.environ.update(QUIET_RAY)
    ray.init(
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env={"env_vars": QUIET_RAY},
    )


def trivial_sweep(trials: int, fuse: int | str, data: ImageData, folder: Path) -> ResultWriter:
    """Runs our sweep over trivial trials that differ in their learning rates alone."""
    rates = "learning_rate=" + ",".join(f"{i * 1e-5:.5f}" for i in range(1, trials + 1))
    overrides = [f"epochs={EPOCHS}", "batch_size=32", rates]
    plan = prepare("grid", None, PlanFlags.of(overrides, data="shapes10"))
    early = prepare("asha", None, PlanFlags.of(run_cap=1, data="shapes10")).sweep.early_terminate
    sweep = plan.sweep.model_copy(update={"early_terminate": early, "fuse": fuse})
    where = ResultDir.create(folder, "driver")
    run = SweepRun(sweep, plan.trials, data, where)
    view = SweepView(Console(file=io.StringIO()), trials)
    images_ref = ray.put(data)
    context = sweep_module._context(run, RESOURCES)
    write_head(where, sweep, data)
    writer = ResultWriter(where)
    writer.write(sweep_event(sweep, data), *(trial_event(t) for t in plan.trials))
    with patch.object(ray_tuner, "run_in_tune", trivial), view.showing(writer.tables):
        tuning.tune_trials(run, context, images_ref, RESOURCES, writer, view)
    writer.close()
    assert len(writer.tables.history) == trials * EPOCHS, "ASHA stopped a trial"
    return writer


def ours(trials: int, fuse: int | str, data: ImageData) -> float:
    """CPU-milliseconds a trial of the driver: our sweep."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        trivial_sweep(trials, fuse, data, Path(folder))
        return (time.process_time() - began) / trials * 1e3


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
        metrics = [results[i].metrics or {} for i in range(len(results))]
        counts = [m.get("training_iteration") for m in metrics]
        assert counts == [EPOCHS] * trials, "ASHA stopped a trial"
    return spent / trials * 1e3


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--trials", type=int, default=200, help="trials alone, and of bare Tune")
    made.add_argument("--fused-trials", type=int, default=1000, help="trials fused by 16")
    args = made.parse_args()
    data = images(1000)
    start_ray()
    sides = {
        "ours": lambda: ours(args.trials, "off", data),
        "bare": lambda: bare(args.trials),
        "fused": lambda: ours(args.fused_trials, 16, data),
    }
    cost = alternate(sides, args.runs)
    ray.shutdown()
    more = [a - b for a, b in zip(cost["ours"], cost["bare"], strict=True)]
    figures = [
        Figure("driver's CPU a trial, more than bare Tune", more, "ms", "<= 1.5"),
        Figure(f"the same, {args.fused_trials} trials fused by 16", cost["fused"], "ms", "<= 5"),
        Figure("driver's CPU a trial, ours alone", cost["ours"], "ms"),
        Figure("driver's CPU a trial, bare Tune", cost["bare"], "ms"),
    ]
    publish(figures, args.json, trials=args.trials, reports=EPOCHS)


if __name__ == "__main__":
    main()
