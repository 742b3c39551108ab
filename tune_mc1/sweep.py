"""A sweep from validated file to finished results, on Ray Tune."""

import logging
import os
import shutil
from collections.abc import Callable
from typing import Any

import ray

from tune_mc1.cluster import hide_command_line
from tune_mc1.events import sweep_event, trial_event, trial_of, write_head
from tune_mc1.progress import SweepView
from tune_mc1.resources import TrialResources, choose_resources
from tune_mc1.result_dir import ResultWriter
from tune_mc1.results import ENDED, SweepTables
from tune_mc1.tuning import SweepRun, cluster_resources, tune_trials
from tune_mc1.worker import Job, score_winner

QUIET_RAY = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # our own files hold the results
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # nothing is restored from Ray's own state
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def run_sweep(run: SweepRun, view: SweepView, notify: Callable[[str], None]) -> SweepTables:
    """Runs all trials and scores the winner on the test images.

    Args:
        run: What to run.
        view: Shows the sweep as it goes.
        notify: Called with each notice for the user.

    Returns:
        The tables of the results, which are on the disk as well. Trials that were cut off by an
        interrupt are `interrupted` there.
    """
    os.environ.update(QUIET_RAY)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # the result tables say it better
    write_head(run.where, run.sweep, run.data)
    writer = ResultWriter(run.where)
    writer.write(sweep_event(run.sweep, run.data), *(trial_event(t) for t in run.trials))
    if run.mirror is not None:
        run.mirror.start()
    own_ray = connect_to_ray(run.address)
    try:
        resources = choose_resources(run.sweep.resources, cluster_resources())
        job = _job(run, resources)
        images = ray.put(run.data)
        with view.showing(writer.tables):
            tune_trials(run, job, images, resources, writer, view)
        _end_interrupted(writer)
        _score_winner(run, job, images, resources, writer, notify)
    finally:
        writer.write({"event": "close"})
        writer.close()
        if own_ray:
            ray.shutdown()
        shutil.rmtree(run.where.features, ignore_errors=True)
        if run.mirror is not None:
            run.mirror.finish()
    return writer.tables


def connect_to_ray(address: str | None) -> bool:
    """Connects to Ray; True if it was started here and is ours to end."""
    if ray.is_initialized():
        return False
    hide_command_line()
    ray.init(
        address=address or "local",
        include_dashboard=False if address is None else None,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env={"env_vars": QUIET_RAY},
    )
    return address is None


def _job(run: SweepRun, resources: TrialResources) -> Job:
    return Job(
        root=run.where.root,
        metric=run.sweep.metric.name,
        maximize=run.maximize,
        validation=run.sweep.validation,
        threads=resources.threads,
        gpu=resources.gpu,
    )


def _end_interrupted(writer: ResultWriter) -> None:
    cut = [t for t, row in writer.tables.trials.items() if row["state"] == "running"]
    writer.write(*({"event": "end", "trial": t, "state": "interrupted"} for t in cut))


def _score_winner(
    run: SweepRun,
    job: Job,
    images: Any,
    resources: TrialResources,
    writer: ResultWriter,
    notify: Callable[[str], None],
) -> None:
    """Scores the best trial on the test images, once, if they chose nothing before."""
    tables = writer.tables
    if run.sweep.validation == "test" or any(
        r["state"] not in ENDED for r in tables.trials.values()
    ):
        return
    winner = next((r for r in tables.ranked() if r["best_epoch"] is not None), None)
    if winner is None:
        return
    trial = trial_of(winner)
    score = ray.remote(score_winner).options(num_cpus=resources.cpu, num_gpus=resources.gpu)
    try:
        values = ray.get(score.remote(trial.model_dump(), job, images))
    except ray.exceptions.RayError as error:
        reason = getattr(error, "cause", None) or error
        notify(f"The winner {trial.id} could not be scored on the test images: {reason}")
        return
    writer.write({"event": "test", "trial": trial.id, **values})
