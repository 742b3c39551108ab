"""Lightning loggers as trackers: a class path, with arguments, as LightningCLI writes them."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

CLASS, ARGUMENTS = "class_path", "init_args"


class LoggerClass(BaseModel):
    """A logger by its class.

    Attributes:
        class_path: Path of the class.
        init_args: Arguments of its constructor; those that name a trial's run are added.
    """

    model_config = ConfigDict(frozen=True)

    class_path: str
    init_args: dict[str, Any] = Field(default_factory=dict)


def logger_class(given: Mapping[str, Any] | LoggerClass) -> LoggerClass:
    """Reads a logger of a sweep file.

    Raises:
        ValueError: If it is not valid; the message is the rule.
    """
    if isinstance(given, LoggerClass):
        return given
    path, arguments = given[CLASS], given.get(ARGUMENTS) or {}
    if not isinstance(path, str) or not is_class_path(path):
        raise ValueError(f"{CLASS} must be like lightning.pytorch.loggers.CSVLogger, not {path!r}")
    if unknown := [key for key in given if key not in (CLASS, ARGUMENTS)]:
        raise ValueError(f"a logger has {CLASS} and {ARGUMENTS}, not {unknown[0]!r}")
    if not isinstance(arguments, dict):
        raise ValueError(f"{ARGUMENTS} must be a mapping of names to values")  # noqa: TRY004
    return LoggerClass(class_path=path, init_args=arguments)


def is_class_path(name: str) -> bool:
    """Whether a name is a class path: identifiers joined by dots."""
    return re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", name) is not None
