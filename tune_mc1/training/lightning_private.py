"""Names of Lightning that are not part of its documented API, and noise in its output."""

import logging
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING, Any

from tune_mc1.private_names import PrivateName
from tune_mc1.training.huge_pages import use_huge_pages

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
    "check a trial's log: the line is gone, or worded differently",
)
TREESPEC = PrivateName(
    'lightning.pytorch.utilities._pytree "LeafSpec()"',
    "keeps a warning about Lightning's own use of PyTorch out of the terminal and of logs",
    SEEN,
    "check a trial's log: the warning is gone, or comes from another module",
)
BATCHES = PrivateName(
    "lightning.pytorch.loops.training_epoch_loop:_TrainingEpochLoop.batch_progress",
    "says in a checkpoint within an epoch with which batch the epoch goes on",
    SEEN,
    "no checkpoints are written within epochs; a trial that is cut off repeats its epoch",
)
NOT_RESUMABLE = PrivateName(
    "lightning.pytorch.loops.training_epoch_loop "
    '"You\'re resuming from a checkpoint that ended before the epoch ended"',
    "keeps a warning about loaders that cannot go on within an epoch, as ours do, out of logs",
    SEEN,
    "check a trial's log: the warning is gone, or worded differently",
)
VERSION = PrivateName(
    "lightning_utilities.core.imports:_version",
    "keeps torchmetrics from importing packages that only its image and audio metrics need",
    "lightning-utilities 0.15",
    "each process takes a second longer to start",
)

RESUMING = PrivateName(
    "lightning.pytorch.loops.loop:_Loop._resuming_from_checkpoint",
    "has a resumed trial of a user's module draw its batches after its random state is restored",
    SEEN,
    "a resumed trial of a module has another order of batches in its first epoch",
)

RESULTS = PrivateName(
    "lightning.pytorch.loops.training_epoch_loop:_TrainingEpochLoop._results",
    "says which metrics of a user's module Lightning resets at the end of each epoch itself",
    SEEN,
    "a resumed trial of a module begins its metrics anew, such as the best accuracy so far",
)

INSTANTIATE = PrivateName(
    'lightning.pytorch.core.saving "_instantiator"',
    "lets load_from_checkpoint make objects from the description of their class",
    SEEN,
    "load_from_checkpoint of modules that save such arguments needs them as keywords",
)
INSTANTIATOR = {"_instantiator": "lightning.pytorch.cli.instantiate_module"}
"""Entry of a checkpoint's hyperparameters that LightningCLI writes."""

NAMES = (*COUNT, BATCHES, INSTANTIATE, NOT_RESUMABLE, RESULTS, RESUMING, TIP, TREESPEC, VERSION)
"""All names of Lightning; a test looks for each in the version that is installed."""


UNUSED = (
    *("aeon", "bert_score", "einops", "fast_bss_eval", "faster_coco_eval", "gammatone", "librosa"),
    *("lpips", "matplotlib", "nltk", "onnxruntime", "pesq", "piq", "pycocotools", "pystoi"),
    *("rouge_score", "scienceplots", "scipy", "sentencepiece", "torch_fidelity", "torchaudio"),
    *("torchvision", "transformers", "vmaf_torch"),
)
"""Packages that torchmetrics imports if they are installed; none of our metrics needs them. All are
hidden together, as some import others of them."""


def load_lightning(*, whole: bool = False) -> None:
    """Imports Lightning without what our training does not need, unless it is already imported.

    PyTorch's compiler is postponed. During the import, `UNUSED` is hidden from torchmetrics:
    afterwards these packages can be imported as usual. A process is ready for its first trial after
    2.0 instead of 4.2 CPU seconds (without Ray; 2026-11-27).

    Args:
        whole: Whether to hide nothing, for a user's module, which may use any metric.
    """
    from tune_mc1.training.dynamo_private import postpone_dynamo

    use_huge_pages()
    postpone_dynamo()
    version = None if whole else VERSION.get()
    if version is None or "torchmetrics" in sys.modules:
        import lightning.pytorch

        return
    from lightning_utilities.core.imports import package_available

    hidden: dict[str, Any] = {name: None for name in UNUSED if name not in sys.modules}

    def version_seen(package: str) -> str:
        if package in hidden:
            raise PackageNotFoundError(package)
        return str(version(package))

    sys.modules.update(hidden)
    VERSION.replace(version_seen)
    try:
        import lightning.pytorch
    except ImportError:  # another package that is installed needs one of them
        _forget_lightning()
    finally:
        VERSION.replace(version)
        for name in hidden:
            sys.modules.pop(name, None)
        package_available.cache_clear()
    import lightning.pytorch  # noqa: F401  at once, unless the first import failed


def _forget_lightning() -> None:
    """Removes modules that were imported in part."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in ("lightning", "lightning_fabric", "torchmetrics"):
            del sys.modules[name]


def step_counter(trainer: "Trainer") -> Callable[[], None] | None:
    """Counter for optimiser steps of manual optimisation that Lightning does not notice.

    Args:
        trainer: A Trainer that is fitting.

    Returns:
        Function to call after each step; None if this version of Lightning does not support it.
    """
    if not all(name.usable() for name in COUNT):
        return None
    done = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress

    def count() -> None:
        done.increment_ready()
        done.increment_completed()

    return count


def begin_with_batch(checkpoint: dict[str, Any]) -> None:
    """Makes a checkpoint that was taken while a batch is trained go on with that batch.

    The total counts must agree too, as a later checkpoint tells from them where it was taken.

    Args:
        checkpoint: Lightning's checkpoint, which is changed.
    """
    progress = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]
    for counts in (progress["total"], progress["current"]):
        counts.update(dict.fromkeys(("ready", "started", "processed"), counts["completed"]))
    progress["is_last_batch"] = False


def renew_iterator(trainer: "Trainer") -> None:
    """Makes a resumed fit create the iterator of its first epoch when that begins, as any other.

    Args:
        trainer: A Trainer whose first epoch since it was resumed begins.
    """
    if RESUMING.usable():
        trainer.fit_loop._resuming_from_checkpoint = False


def logged_metrics(trainer: "Trainer") -> list[Any] | None:
    """Metrics, not values, that a training epoch has logged, and which Lightning resets at its end.

    Args:
        trainer: A Trainer at the end of an epoch.

    Returns:
        Objects of torchmetrics; None if this version of Lightning does not say.
    """
    if not RESULTS.usable():
        return None
    results = trainer.fit_loop.epoch_loop._results.values()
    return [result.value for result in results if not result.is_tensor]


def hide_noise() -> None:
    """Hides three lines of fits and tests from the terminal and from logs.

    One is an advertisement, one a warning that only concerns Lightning's authors, and one warns of
    what `tune_mc1.training.mid_epoch` does. All other output of Lightning stays.
    """
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.rank_zero"):
        logging.getLogger(name).addFilter(_is_not_tip)
    warnings.filterwarnings(
        "ignore",
        message=r"`isinstance\(treespec, LeafSpec\)` is deprecated",
        category=FutureWarning,
        module=r"lightning\.pytorch\.utilities\._pytree",
    )
    warnings.filterwarnings(
        "ignore", message="You're resuming from a checkpoint that ended before the epoch ended"
    )


def _is_not_tip(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or "Tip: For seamless" not in str(record.msg)
