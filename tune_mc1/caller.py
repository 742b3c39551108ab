"""What a command tells the process that runs it for its user (`tune_mc1.sweep`).

The caller names a file in the environment; each fact is a line of JSON there. The variable is
removed when this module is imported, so that programs of a sweep's trials do not inherit it.
"""

import atexit
import json
import os
import shutil
from pathlib import Path
from typing import Any

VARIABLE = "TUNE_MC1_TELL"
"""Environment variable with the path of the file."""

_file = os.environ.pop(VARIABLE, None)
_processes = os.getpid(), os.getppid()


def _remove_folder() -> None:
    """Removes the folder of the file at the end, where the caller, which would, has ended."""
    own, parent = _processes
    if _file is not None and os.getpid() == own and os.getppid() != parent:
        shutil.rmtree(Path(_file).parent, ignore_errors=True)


if _file is not None:
    atexit.register(_remove_folder)


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
