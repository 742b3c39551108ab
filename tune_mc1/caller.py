"""What a command tells the process that runs it for its user (`tune_mc1.sweep`).

The caller names a file in the environment; each fact is a line of JSON there. The variable is
removed when this module is imported, so that programs of a sweep's trials do not inherit it.
"""

import json
import os
from typing import Any

VARIABLE = "TUNE_MC1_TELL"
"""Environment variable with the path of the file."""

_file = os.environ.pop(VARIABLE, None)


def has_caller() -> bool:
    """Whether another process reads the facts, and shows errors to the user itself."""
    return _file is not None


def tell(**facts: Any) -> None:
    """Tells the caller, if there is one.

    Args:
        facts: Plain data: `directory` of the results, `problems` and `status` of a command that
            failed, `stopped`, the reason why a sweep could not go on.
    """
    if _file is None:
        return
    with open(_file, "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write(json.dumps(facts) + "\n")
