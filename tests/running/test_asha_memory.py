"""ASHA's decisions after any number of kills, at any byte of the journal, are those of one run."""

import json
import math
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tune_mc1.planning.rungs import RungEntry, Rungs, rung_entry, rung_event
from tune_mc1.results.journal import Journal, Record, read_events

EPOCHS = 6


class _Killed(BaseException):
    """The process is gone."""


class _CutJournal:
    """A journal whose process is killed once so many more bytes are written.

    Args:
        path: The file.
        left: Bytes until then; None for ever.
    """

    def __init__(self, path: Path, left: int | None) -> None:
        self.path, self.left = path, left
        Journal(path).close()  # mends what a cut has left

    def write(self, event: Record) -> None:
        line = json.dumps(event).encode() + b"\n"
        with self.path.open("ab") as file:
            file.write(line if self.left is None else line[: self.left])
        if self.left is not None:
            self.left -= len(line)
            if self.left <= 0:
                raise _Killed


def sweep(
    path: Path,
    checkpoints: dict[str, int],
    scores: list[list[float]],
    cut: int | None,
    brackets: list[tuple[int, ...]],
    eta: float,
) -> None:
    """One trial after the other, as a sweep with `--max-concurrent 1` runs them or goes on."""
    journal = _CutJournal(path, cut)
    known = [event for event, _ in read_events(path)]
    entries = [rung_entry(event) for event in known if event["event"] == "rung"]
    rungs = Rungs(brackets, eta)
    rungs.restore(entries)
    stopped = {entry.trial for entry in entries if entry.stop}
    ended = {event["trial"] for event in known if event["event"] == "end"}
    for index, values in enumerate(scores):
        trial = f"t{index:04d}"
        if trial in ended:
            continue
        again = checkpoints.get(trial, 0)
        for epoch in range(max(again, 1), EPOCHS + 1):  # the last one is said again
            checkpoints[trial] = epoch
            entry = rungs.decide(trial, epoch, values[epoch - 1])
            if entry is not None:
                journal.write(rung_event(entry))
                if entry.stop:
                    stopped.add(trial)
            journal.write({"event": "epoch", "trial": trial, "epoch": epoch})
            if epoch == EPOCHS or trial in stopped:
                journal.write({"event": "end", "trial": trial})
                break


def decisions(path: Path) -> list[RungEntry]:
    events = [event for event, _ in read_events(path)]
    return [rung_entry(event) for event in events if event["event"] == "rung"]


score = st.one_of(st.floats(0, 1), st.sampled_from([0.5, math.nan, -math.inf]))


@settings(max_examples=150, deadline=None)
@given(
    scores=st.lists(st.lists(score, min_size=EPOCHS, max_size=EPOCHS), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 2500), max_size=8),
    brackets=st.sampled_from([[(1, 3)], [(1, 2, 4)], [(2,)], [(1, 3), (3,)]]),
    eta=st.sampled_from([2, 3]),
)
def test_kills_at_any_byte_change_no_decision(
    scores: list[list[float]], cuts: list[int], brackets: list[tuple[int, ...]], eta: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        quiet, killed = Path(folder, "quiet.jsonl"), Path(folder, "killed.jsonl")
        sweep(quiet, {}, scores, None, brackets, eta)
        checkpoints: dict[str, int] = {}
        for cut in [*cuts, None]:
            with suppress(_Killed):
                sweep(killed, checkpoints, scores, cut, brackets, eta)
        assert decisions(killed) == decisions(quiet)
        ends = [e["trial"] for e, _ in read_events(killed) if e["event"] == "end"]
        assert sorted(set(ends)) == [f"t{i:04d}" for i in range(len(scores))]
