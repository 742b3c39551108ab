"""Log files of trials, which receive all their output."""

import logging
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from functools import partial
from io import TextIOBase
from pathlib import Path
from typing import TextIO

from tune_mc1.training.lightning_private import load_lightning


def trial_log(path: Path) -> AbstractContextManager[None]:
    """Redirects all output of a trial, including its traceback, to its log file."""
    return group_log({"": path})


@contextmanager
def group_log(paths: Mapping[str, Path]) -> Iterator[None]:
    """Redirects all output of a group of trials, including its traceback, to their log files.

    Trials that are trained as one model share a process and its output, which goes to the log of
    each; a line about one of them (`of_trial`) only to its own.

    Args:
        paths: Log files by the ids of the trials.
    """
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for trial, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            files[trial] = stack.enter_context(path.open("a", buffering=1))
        stack.enter_context(_everything_to(files))
        try:
            yield
        except Exception:
            traceback.print_exc()
            raise


@contextmanager
def record_log(path: Path) -> Iterator[None]:
    """Sends what is logged of a trial to its log file: by Lightning, and by this package.

    All other output stays where it is, so that a trial can be debugged in a terminal, where
    warnings are seen as well unless they come from Lightning.
    """
    load_lightning()  # first, as it sets up loggers that would replace ours
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", buffering=1) as file:
        handler = _dated(logging.StreamHandler(file))
        shown = logging.StreamHandler()
        shown.addFilter(lambda record: not _is_of_lightning(record))
        shown.setLevel(logging.WARNING)
        with _handled(LIGHTNING, [handler]), _handled(["tune_mc1", WARNINGS], [handler, shown]):
            yield


def _is_of_lightning(record: logging.LogRecord) -> bool:
    """Whether a warning, a line that begins with its file, comes from Lightning's own code."""
    place = record.getMessage().partition(": ")[0]
    return bool({"lightning", "lightning_fabric"} & set(Path(place).parts[:-1]))


def of_trial(trial: str) -> dict[str, str]:
    """The argument `extra` of a log line that is about one trial of several."""
    return {_TRIAL: trial}


_TRIAL = "tune_mc1_trial"


def _is_about(trial: str, record: logging.LogRecord) -> bool:
    """Whether a line is about a trial or its whole group; a trial alone has no name here."""
    return not trial or getattr(record, _TRIAL, trial) == trial


class _Both(TextIOBase):
    """Writes to several files."""

    def __init__(self, files: Mapping[str, TextIO]) -> None:
        self._files = tuple(files.values())

    def write(self, text: str) -> int:
        for file in self._files:
            file.write(text)
        return len(text)

    def flush(self) -> None:
        for file in self._files:
            file.flush()


LIGHTNING = ("lightning", "lightning.pytorch", "lightning.fabric")
WARNINGS = "py.warnings"
"""Names of loggers."""


@contextmanager
def _everything_to(files: Mapping[str, TextIO]) -> Iterator[None]:
    load_lightning()  # first, as it sets up loggers that would replace ours

    handlers: list[logging.Handler] = []
    for trial, file in files.items():
        handler = _dated(logging.StreamHandler(file))
        handler.addFilter(partial(_is_about, trial))
        handlers.append(handler)
    output: TextIO = _Both(files)  # type: ignore[assignment]
    if len(files) == 1:
        (output,) = files.values()
    with (
        _handled(("tune_mc1", *LIGHTNING, WARNINGS), handlers),
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        yield


def _dated(handler: logging.Handler) -> logging.Handler:
    """A handler whose lines begin with time and level."""
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


@contextmanager
def _handled(names: Sequence[str], handlers: list[logging.Handler]) -> Iterator[None]:
    """Gives loggers other handlers, which get all from INFO on; warnings are logged meanwhile."""
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers, logger.propagate, logger.level) for logger in loggers]
    logging.captureWarnings(True)
    for logger in loggers:
        logger.handlers, logger.propagate = handlers, False
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger, earlier, propagate, level in before:
            logger.handlers, logger.propagate = earlier, propagate
            logger.setLevel(level)
