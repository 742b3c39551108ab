"""Lightning loggers as trackers: a class path, with arguments, as LightningCLI writes them."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

FORM = "must be a class path such as lightning.pytorch.loggers.CSVLogger"


class LoggerClass(BaseModel):
    """A logger by its class.

    Attributes:
        class_path: Path of the class.
        init_args: Arguments of its constructor; those that name a trial's run are added.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    class_path: str
    init_args: dict[str, Any] = Field(default_factory=dict)

    @field_validator("class_path")
    @classmethod
    def _is_path(cls, path: str) -> str:
        if not is_class_path(path):
            raise ValueError(FORM)
        return path


def is_class_path(name: str) -> bool:
    """Whether a name is a class path: identifiers joined by dots."""
    return re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", name) is not None
