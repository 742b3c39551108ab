"""Trials as they come to a worker process, where a plugin of the driver may be missing."""

import platform
from typing import Any

from pydantic import ValidationError

from tune_mc1.config.problems import problems_of
from tune_mc1.config.trial import Trial
from tune_mc1.errors import TrialError


def read_trial(spec: dict[str, Any]) -> Trial:
    """The trial of a spec that the driver has validated.

    Args:
        spec: A dumped `Trial`.

    Raises:
        TrialError: If this process does not know a part or parameter that the driver knows.
    """
    try:
        return Trial.model_validate(spec)
    except ValidationError as error:
        raise TrialError(
            f"{problems_of(error)[0]}; the driver accepted it, so a plugin or another version of "
            f"one is missing on node {platform.node()}"
        ) from None
