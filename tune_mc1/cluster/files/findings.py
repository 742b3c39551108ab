"""Findings of a check: errors, which cannot work, and warnings of what is unwise or unsafe."""

from dataclasses import dataclass
from typing import Any, Literal

from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem

Topic = Literal[
    "fields",
    "machines",
    "versions",
    "token",
    "open-ports",
    "secrets",
    "results",
    "scaling",
    "setup",
    "kuberay-kinds",
]
"""Heading of `docs/cluster-check.md` that gives the reason."""

DOCS = "docs/cluster-check.md"


@dataclass(frozen=True)
class Finding(Problem):
    """A problem of a cluster file.

    Attributes:
        topic: Heading of the documentation that gives the reason.
        warning: False for what cannot work; True for what is unwise, unsafe or only unusual.
    """

    topic: Topic = "fields"
    warning: bool = False


def fault(topic: Topic, path: KeyPath, rule: str, *value: Any) -> Finding:
    """An error: with it, the cluster or a sweep on it cannot work.

    Args:
        topic: Heading of the documentation that gives the reason.
        path: Path of the value in its file.
        rule: Requirement that is not met.
        value: The value, if it is to be shown.
    """
    shown = {"value": value[0]} if value else {}
    return Finding(path, rule, **shown, topic=topic)


def advice(topic: Topic, path: KeyPath, rule: str, *value: Any) -> Finding:
    """A warning: it works, but is unwise, unsafe or unusual. The arguments are those of `fault`."""
    shown = {"value": value[0]} if value else {}
    return Finding(path, rule, **shown, topic=topic, warning=True)


def see(problem: Problem) -> str:
    """Where the reason of a problem is documented."""
    return f"{DOCS}#{problem.topic if isinstance(problem, Finding) else 'fields'}"
