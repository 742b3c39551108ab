"""Log file of a trial, which receives all its output."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

from tune_mc1.training.lightning_private import load_lightning


@contextmanager
def trial_log(path: Path) -> Iterator[None]:
    """Redirects all output of a trial, including its traceback, to its log file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", buffering=1) as file, _everything_to(file):
        try:
            yield
        except Exception:
            traceback.print_exc()
            raise


@contextmanager
def _everything_to(file: TextIO) -> Iterator[None]:
    load_lightning()  # first, as it sets up loggers that would replace ours

    handler = logging.StreamHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    names = ("tune_mc1", "lightning", "lightning.pytorch", "lightning.fabric", "py.warnings")
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
