"""Sweeps that are asked for something while they run, by requests from another thread."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.in_process import Ran
from tune_mc1.errors import TuneMc1Error
from tune_mc1.results.journal import read_records
from tune_mc1.results.steering.ask import ask
from tune_mc1.results.steering.requests import Answer, Request

PATIENCE_S = 240.0

Event = dict[str, Any]
When = Callable[[list[Event]], bool]
"""Whether it is time for a request, by the journal's events so far."""


@dataclass
class Steered:
    """A sweep that has ended, and what it answered."""

    ran: Ran
    answers: list[Answer] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [f"{answer.state}: {answer.line}" for answer in self.answers]


def reached(trial: str, epoch: int) -> When:
    """True once a trial has reported an epoch."""
    return lambda events: any(
        e["event"] == "epoch" and e["trial"] == trial and e["epoch"] >= epoch for e in events
    )


def at_once(events: list[Event]) -> bool:
    return True


def steered(parent: Path, run: Callable[[], Ran], steps: Sequence[tuple[When, Request]]) -> Steered:
    """Runs a sweep, and asks it for one thing after the other, each when it is time.

    Args:
        parent: Folder in which its directory will be.
        run: Runs it.
        steps: The requests.
    """
    answers: list[Answer] = []
    over = threading.Event()

    def place() -> None:
        for when, request in steps:
            root = _await(parent, when, over)
            if root is None:
                return
            try:
                answers.append(ask(root, request, wait_s=PATIENCE_S))
            except TuneMc1Error as error:
                answers.append(Answer("refused", f"no driver: {error}"))

    thread = threading.Thread(target=place, daemon=True)
    thread.start()
    try:
        ran = run()
    finally:
        over.set()
    thread.join(10)
    return Steered(ran, answers)


def _await(parent: Path, when: When, over: threading.Event) -> Path | None:
    while not over.is_set():
        with suppress(FileNotFoundError):  # it is made, removed again by a check, and made to stay
            for root in parent.glob("*/journal.jsonl"):
                if when([event for event, _ in read_records(root)]):
                    return root.parent
        time.sleep(0.05)
    return None
