"""Trials by rung of a scheduler that halves, from their arrivals in the journal."""

from typing import Any

from tune_mc1.page.columns import plain
from tune_mc1.page.live_sweep import LiveSweep


def rungs_view(live: LiveSweep) -> dict[str, Any]:
    """Each rung with the trials that arrived.

    Returns:
        `rungs`, by bracket and epoch: the bracket's index, the epoch, and of each arrival, in
        order, the trial, its score in the metric's own direction, and whether it went on. A trial
        that paused and was promoted later went on.
    """
    sign = 1 if live.tables.maximize else -1
    arrivals: dict[tuple[int, int], dict[str, list[Any]]] = {}
    for event in live.rungs:
        rung = arrivals.setdefault((event["bracket"], event["rung"]), {})
        score = event["score"]
        own = None if score is None else plain(sign * score)
        rung[event["trial"]] = [event["trial"], own, not event["stop"]]
    return {
        "version": live.version,
        "rungs": [
            {"bracket": bracket, "epoch": epoch, "arrivals": list(found.values())}
            for (bracket, epoch), found in sorted(arrivals.items())
        ],
    }
