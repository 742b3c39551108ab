"""A sweep from validated file to finished results, on Ray Tune."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray import tune
from ray.tune import FailureConfig, RunConfig, TuneConfig, Tuner
from ray.tune.search import ConcurrencyLimiter, Searcher

from tune_mc1.callbacks.progress import ProgressCallback
from tune_mc1.callbacks.results import ResultCallback
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.data.images import ImageData
from tune_mc1.events import rung_event, sweep_event, trial_event, trial_of, write_head
from tune_mc1.forecast import longest_first
from tune_mc1.progress import SweepView
from tune_mc1.resources import TrialResources, choose_resources, slots
from tune_mc1.result_dir import ResultDir, ResultWriter
from tune_mc1.results import ENDED, SweepTables
from tune_mc1.rungs import Rungs
from tune_mc1.schedulers import AshaScheduler, BayesTrials, PlannedTrials
from tune_mc1.search_space import ray_space
from tune_mc1.wandb_mirror import WandbMirror
from tune_mc1.worker import Job, run_in_tune, score_winner

QUIET_RAY = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # our own files hold the results
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # nothing is restored from Ray's own state
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True)
class SweepRun:
    """All that a sweep needs beside its file.

    Attributes:
        sweep: The validated sweep, its method resolved.
        trials: The plan; empty where the method makes its trials as it goes (bayes).
        data: The images.
        where: The result directory, new and empty.
        address: A running Ray cluster, or None to start Ray on this machine.
        max_concurrent: Most trials at once, or None for as many as fit.
        mirror: Sends the journal to W&B, or None.
    """

    sweep: Sweep
    trials: Sequence[Trial]
    data: ImageData
    where: ResultDir
    address: str | None = None
    max_concurrent: int | None = None
    mirror: WandbMirror | None = None

    @property
    def maximize(self) -> bool:
        """Whether a higher metric is better."""
        return self.sweep.metric.goal == "maximize"


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
    own_ray = _connect(run.address)
    try:
        resources = choose_resources(run.sweep.resources, _cluster())
        job = _job(run, resources)
        images = ray.put(run.data)
        with view.showing(writer.tables):
            _tune(run, job, images, resources, writer, view)
        _end_interrupted(writer)
        _score_winner(run, job, images, resources, writer, notify)
    finally:
        writer.write({"event": "close"})
        writer.close()
        if own_ray:
            ray.shutdown()
        if run.mirror is not None:
            run.mirror.finish(timeout_s=60)
    return writer.tables


def _connect(address: str | None) -> bool:
    """Connects to Ray; True if it was started here and is ours to end."""
    if ray.is_initialized():
        return False
    ray.init(
        address=address or "local",
        include_dashboard=False if address is None else None,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env={"env_vars": QUIET_RAY},
    )
    return address is None


def _cluster() -> dict[str, float]:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return resources


def _job(run: SweepRun, resources: TrialResources) -> Job:
    return Job(
        root=run.where.root,
        metric=run.sweep.metric.name,
        maximize=run.maximize,
        validation=run.sweep.validation,
        threads=resources.threads,
        gpu=resources.gpu > 0,
    )


def _tune(
    run: SweepRun,
    job: Job,
    images: Any,
    resources: TrialResources,
    writer: ResultWriter,
    view: SweepView,
) -> None:
    scheduler = make_scheduler(run, writer)
    stopped = scheduler.stopped if scheduler is not None else frozenset[str]()
    trainable = tune.with_resources(
        tune.with_parameters(run_in_tune, job=job, data=images),
        {"cpu": resources.cpu, "gpu": resources.gpu},
    )
    search, samples = _search(run, writer)
    if run.sweep.method != "bayes":
        # Ray starts trials of a searcher one by one, in case they depend on each other.
        os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(slots(resources, _cluster()))
    tuner = Tuner(
        trainable,
        tune_config=TuneConfig(
            search_alg=search,
            scheduler=scheduler,
            num_samples=samples,
            reuse_actors=True,
            max_concurrent_trials=None,
            trial_dirname_creator=_dirname,
        ),
        run_config=RunConfig(
            name="tune",
            storage_path=str(run.where.ray),
            verbose=0,
            failure_config=FailureConfig(max_failures=0),
            callbacks=[
                ResultCallback(writer, stopped.__contains__),
                ProgressCallback(view, run.mirror),
            ],
        ),
    )
    tuner.fit()


def _dirname(trial: Any) -> str:
    return "-".join(t["id"] for t in trial.config["trials"][:1])


def make_scheduler(run: SweepRun, writer: ResultWriter) -> AshaScheduler | None:
    """ASHA where the sweep stops trials early, else None."""
    early = run.sweep.early_terminate
    if early is None:
        return None
    longest = run.sweep.longest_epochs
    rungs = Rungs([early.rung_epochs(longest, b) for b in range(early.brackets)], early.eta)
    return AshaScheduler(
        rungs, run.sweep.metric.name, run.maximize, lambda entry: writer.write(rung_event(entry))
    )


def _search(run: SweepRun, writer: ResultWriter) -> tuple[Searcher, int]:
    sweep = run.sweep
    search: Searcher
    if sweep.method != "bayes":
        order = run.trials
        if sweep.early_terminate is None:
            order = longest_first(run.trials, run.data.image_shape, len(run.data.classes))
        search, count = PlannedTrials(order), len(order)
    else:
        assert sweep.run_cap is not None
        count = sweep.run_cap
        search = BayesTrials(
            ray_space(sweep),
            sweep.metric.name,
            run.maximize,
            count,
            sweep.search_seed,
            lambda trial: writer.write(trial_event(trial)),
        )
    if run.max_concurrent is not None:
        search = ConcurrencyLimiter(search, run.max_concurrent)
    return search, count


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
