"""Journals of sweeps that have ended, replayed through the estimate of the time left."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tune_mc1.config.trial import Trial
from tune_mc1.planning.forecast import epoch_seconds
from tune_mc1.planning.fusion import group_seconds
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.live_view import CLEAR, RANGE
from tune_mc1.terminal.time_left import Cost, TimeLeft

Events = list[dict[str, Any]]


def read_journal(path: Path) -> Events:
    """The events of a journal, which may be packed, without trials that another run has trained."""
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return [json.loads(line) for line in text.splitlines()]


def estimate_for(events: Events, rungs: Sequence[Mapping[str, int]]) -> TimeLeft:
    """The estimate as a sweep makes it, with its groups and the forecast of its networks."""
    head = next(e for e in events if e["event"] == "sweep")
    images, shape = head["train_images"], tuple(head["image_shape"])
    classes = len(head.get("classes") or ()) or 10

    def cost(trial: Trial, size: int) -> float:
        each = epoch_seconds(trial.config, images, shape, classes)
        return group_seconds([trial] * size, lambda _: each, False, (shape, classes)) / size

    priced: Cost = cost
    sizes = {e["trial"]: e["fused"] for e in events if e["event"] == "start"}
    return TimeLeft(rungs, priced, sizes=sizes)


class Estimate(NamedTuple):
    """An estimate of the time left.

    Attributes:
        done: Share of the sweep's time that had passed.
        error: Its error relative to what was left.
        in_range: Whether what was left is within the range that is shown.
        clear: Whether one number is shown instead of a range.
    """

    done: float
    error: float
    in_range: bool
    clear: bool


def estimates(events: Events, left: TimeLeft) -> Iterator[Estimate]:
    """The estimates at each event, from a third of the sweep to nine tenths."""
    tables = SweepTables()
    begin = next(e["time"] for e in events if e["event"] == "start")
    end = max(e["time"] for e in events if e["event"] == "end")
    total = sum(e["event"] == "trial" for e in events)
    for event in events:
        tables.apply(event)  # type: ignore[arg-type]
        if event["event"] in ("start", "epoch", "end"):
            real, done = end - event["time"], (event["time"] - begin) / (end - begin)
            if 1 / 3 <= done <= 0.9:
                found = left.seconds(tables, total, event["time"])
                assert found is not None
                room = max(RANGE * left.spread, CLEAR * found)
                clear = RANGE * left.spread < CLEAR * found
                yield Estimate(done, (found - real) / real, abs(found - real) <= room, clear)
