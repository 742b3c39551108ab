"""Process of Ray that scores the winner on the test images."""

import os
from typing import Any

from tune_mc1.data.images import ImageData
from tune_mc1.results.directory import BEST, ResultDir
from tune_mc1.results.store.trial_files import files_of
from tune_mc1.running.mapped_nodes import images_here
from tune_mc1.running.trial_specs import read_trial
from tune_mc1.running.worker import SweepContext
from tune_mc1.training.lightning_private import load_lightning
from tune_mc1.training.trial_log import trial_log


def ready(gpu: bool) -> int:
    """Loads the libraries of `score_winner`; returns the process id.

    Args:
        gpu: Whether to initialise CUDA too; not if the test may get another GPU.
    """
    load_lightning()
    import torch

    import tune_mc1.training.run_trials  # noqa: F401

    if gpu and torch.cuda.is_available():
        torch.zeros((), device="cuda")

    return os.getpid()


def score_winner(
    spec: dict[str, Any], context: SweepContext, data: ImageData
) -> tuple[dict[str, float], dict[str, Any]]:
    """Scores a trial's best checkpoint on the test images; see `score_test`."""
    load_lightning()
    from tune_mc1.training.run_trials import score_test

    context.find_user_code()
    trial = read_trial(spec)
    where = ResultDir(context.root)
    files = files_of([trial], context.root, context.remote, [BEST], keep=context.keep)
    with files, trial_log(where.log(trial.id)):
        checkpoint = where.checkpoints(trial.id) / BEST
        return score_test(
            trial,
            images_here(data, context.blocks),
            checkpoint,
            chosen=context.chosen,
            shared=where.features,
            threads=context.threads,
            gpu=context.gpu > 0,
        )
