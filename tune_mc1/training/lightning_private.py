"""Names of Lightning that its documentation does not promise, and lines of its that say nothing."""

import logging
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from tune_mc1.private_names import PrivateName

if TYPE_CHECKING:
    from lightning import Trainer

SEEN = "seen in Lightning 2.6"

_UNCOUNTED = "steps on a GPU are not recorded: they take longer, with the same numbers"

COUNT = (
    PrivateName(
        "lightning.pytorch.loops.fit_loop:_FitLoop.epoch_loop",
        "the way to the counter of optimiser steps",
        SEEN,
        _UNCOUNTED,
    ),
    PrivateName(
        "lightning.pytorch.loops.training_epoch_loop:_TrainingEpochLoop.manual_optimization",
        "the way to the counter of optimiser steps",
        SEEN,
        _UNCOUNTED,
    ),
    PrivateName(
        "lightning.pytorch.loops.optimization.manual:_ManualOptimization.optim_step_progress",
        "counts the steps of a recorded CUDA graph, which Lightning cannot see",
        SEEN,
        _UNCOUNTED,
    ),
    PrivateName(
        "lightning.pytorch.loops.progress:_Progress.increment_ready",
        "counts a step that begins",
        SEEN,
        _UNCOUNTED,
    ),
    PrivateName(
        "lightning.pytorch.loops.progress:_Progress.increment_completed",
        "counts a step that has ended",
        SEEN,
        _UNCOUNTED,
    ),
)
TIP = PrivateName(
    'lightning.pytorch.trainer.connectors.logger_connector.logger_connector "Tip: For seamless"',
    "keeps an advertisement out of the terminal and of logs",
    SEEN,
    "nothing to keep out, or in other words: see what a trial's log says",
)
TREESPEC = PrivateName(
    'lightning.pytorch.utilities._pytree "LeafSpec()"',
    "keeps a warning about Lightning's own use of PyTorch out of the terminal and of logs",
    SEEN,
    "nothing to keep out, or from another module: see what a trial's log says",
)

NAMES = (*COUNT, TIP, TREESPEC)
"""All names of Lightning; a test looks for each in the version that is installed."""


def step_counter(trainer: "Trainer") -> Callable[[], None] | None:
    """What counts an optimiser step of manual optimisation that Lightning cannot see.

    Args:
        trainer: While it fits.

    Returns:
        To be called after each step; None where this version of Lightning lets nobody count.
    """
    if not all(name.usable() for name in COUNT):
        return None
    done = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress

    def count() -> None:
        done.increment_ready()
        done.increment_completed()

    return count


def leave_out_noise() -> None:
    """Keeps two lines of every fit and test out of the terminal and of logs.

    They are an advertisement, and a warning that only Lightning's authors can do something about.
    All other lines and warnings of Lightning stay.
    """
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.rank_zero"):
        logging.getLogger(name).addFilter(_is_no_tip)
    warnings.filterwarnings(
        "ignore",
        message=r"`isinstance\(treespec, LeafSpec\)` is deprecated",
        category=FutureWarning,
        module=r"lightning\.pytorch\.utilities\._pytree",
    )


def _is_no_tip(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or "Tip: For seamless" not in str(record.msg)
