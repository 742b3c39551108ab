"""Packages that a program requires: Ray installs them on the nodes of a cluster."""

from collections.abc import Callable, Sequence

from tune_mc1.errors import InputError
from tune_mc1.redaction import redact
from tune_mc1.results.store.probe import on_each_node

INSTALL_S = 1800.0
"""Time limit: Ray copies the environment of a node first, which may have gigabytes."""


def install_requirements(requirements: Sequence[str], notify: Callable[[str], None]) -> None:
    """Has each node of the connected cluster install the packages of this process's environment.

    Args:
        requirements: The packages, for messages.
        notify: Called with a notice that this takes time.

    Raises:
        InputError: With one line per node that cannot install them.
    """
    notify(f"Installing {', '.join(requirements)} on the nodes of the cluster")
    answers = on_each_node(_answer, seconds=INSTALL_S)
    problems = [
        f"requirements: cannot be installed on node {node}: {_reason(answer)}"
        for node, answer in answers
        if isinstance(answer, Exception)
    ]
    if problems:
        raise InputError(problems)


def _answer() -> bool:
    """Runs in the environment with the packages, once that is there."""
    return True


def _reason(error: Exception) -> str:
    """The error of pip in one line, without Ray's account of how it ran pip."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
    return redact(said[-1].removeprefix("ERROR: ")) if said else type(error).__name__
