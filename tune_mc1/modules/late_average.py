"""Notices on weights that Lightning averages from a later step or epoch on (findings/)."""

from collections.abc import Iterator
from typing import Any

from lightning import __version__
from packaging.version import Version

NAME = "EMAWeightAveraging"
SEEN = "2.6"
"""The release in which Lightning did this; a test looks at the one that is installed."""

NO_DELAY = (
    f"trainer.callbacks: update_starting_at_epoch does not delay {NAME} in Lightning {SEEN}, which "
    "averages from the first step on; update_starting_at_step does"
)
UNTRAINED = (
    f"trainer.callbacks: until {NAME} begins, Lightning {SEEN} validates the untrained network, "
    "and a trial that ends before has it as its result"
)


def late_averages(callbacks: Any) -> Iterator[str]:
    """Says what a late start of the average does other than meant.

    Args:
        callbacks: The trainer's, as parsed: one, a list of them, or None.
    """
    if ".".join(map(str, Version(__version__).release[:2])) != SEEN:
        return
    for callback in callbacks if isinstance(callbacks, list) else [callbacks]:
        if str(getattr(callback, "class_path", "")).rpartition(".")[2] != NAME:
            continue
        arguments = vars(callback.init_args)
        if arguments["update_starting_at_step"]:
            yield UNTRAINED
        elif arguments["update_starting_at_epoch"]:
            yield NO_DELAY
