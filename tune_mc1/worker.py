"""What runs inside Ray's processes: a trial, and the winner's test score."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ray import tune

from tune_mc1.config.trial import Trial
from tune_mc1.config.validation import Validation
from tune_mc1.data.images import ImageData
from tune_mc1.errors import DivergedError
from tune_mc1.result_dir import ResultDir


@dataclass(frozen=True)
class Job:
    """What all trials of a sweep share, apart from the images.

    Attributes:
        root: The result directory, absolute.
        metric: The sweep's metric.
        maximize: Whether a higher metric is better.
        validation: How the images that score a trial are chosen.
        threads: Threads of a trial on the CPU.
        gpu: Whether trials have a share of a GPU.
    """

    root: Path
    metric: str
    maximize: bool
    validation: Validation
    threads: int
    gpu: bool


def run_in_tune(config: dict[str, Any], job: Job, data: ImageData) -> None:
    """The function that Ray Tune runs: one trial, which reports each epoch.

    Args:
        config: `{"trials": [trial]}`, a dumped `Trial`.
        job: What the trials of the sweep share.
        data: The images, mapped from the object store without a copy.
    """
    from tune_mc1.trial import run_trial  # torch is for the workers; the driver needs none

    (spec,) = config["trials"]
    trial = Trial.model_validate(spec)
    where = ResultDir(job.root)

    def report(row: dict[str, Any]) -> None:
        tune.report({"rows": [row], "epoch": row["epoch"], job.metric: row[job.metric]})

    with trial_log(where.log(trial.id)):
        try:
            run_trial(
                trial,
                data,
                job.validation,
                metric=job.metric,
                maximize=job.maximize,
                checkpoints=where.checkpoints(trial.id),
                report=report,
                threads=job.threads,
                gpu=job.gpu,
            )
        except DivergedError as error:
            end = {"trial": trial.id, "state": "diverged", "epoch": error.epoch}
            tune.report({"rows": [], "ends": [end | {"error": str(error)}]})


def score_winner(spec: dict[str, Any], job: Job, data: ImageData) -> dict[str, float]:
    """Scores a trial's best checkpoint on the test images; see `score_test`."""
    from tune_mc1.trial import score_test

    trial = Trial.model_validate(spec)
    where = ResultDir(job.root)
    with trial_log(where.log(trial.id)):
        checkpoint = where.checkpoints(trial.id) / "best.ckpt"
        return score_test(trial, data, checkpoint, threads=job.threads, gpu=job.gpu)


@contextmanager
def trial_log(path: Path) -> Iterator[None]:
    """Sends all that a trial says to its log file, its traceback too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", buffering=1) as file, _everything_to(file):
        try:
            yield
        except Exception:
            traceback.print_exc()
            raise


@contextmanager
def _everything_to(file: TextIO) -> Iterator[None]:
    handler = logging.StreamHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    names = ("tune_mc1", "lightning.pytorch", "py.warnings")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers, logger.propagate, logger.level) for logger in loggers]
    logging.captureWarnings(True)
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    try:
        with redirect_stdout(file), redirect_stderr(file):
            yield
    finally:
        logging.captureWarnings(False)
        for logger, handlers, propagate, level in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
