"""States of a trial. Importing this module is cheap."""

from typing import Any

Row = dict[str, Any]
"""Values of a trial, an epoch or a setting by column name."""

STATES = (
    "pending",  # not started
    "running",
    "paused",  # waits at a rung, and may go on later
    "completed",  # ran all its epochs
    "stopped",  # stopped early by the trial scheduler
    "diverged",  # its loss was no longer finite
    "failed",  # raised an error: columns `error` and `log`
    "interrupted",  # the sweep ended first
    "dropped",  # had not ended when the sweep was resumed with parameters that exclude it
)

ENDED = frozenset({"completed", "stopped", "diverged", "failed", "dropped"})
"""States of trials that do not run any further."""
