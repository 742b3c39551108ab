"""Requests of the page to the process that runs a sweep, which alone writes its journal."""

from typing import Any

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.steering.ask import ask
from tune_mc1.results.steering.requests import from_data


def steer(where: ResultDir, content: Any) -> dict[str, Any]:
    """Asks the sweep of a directory for something, and waits some seconds for its answer.

    Args:
        where: The directory.
        content: The request, as `tune_mc1.results.steering.requests.from_data` takes it.

    Returns:
        The answer: `state` is `accepted`, `refused` or `waiting`, and `line` says what happens now,
        or why not.

    Raises:
        InputError: If the request is not valid, or no process runs the sweep.
        StorageError: If it cannot be written.
    """
    answer = ask(where, from_data(content))
    return {"state": answer.state, "line": answer.line}
