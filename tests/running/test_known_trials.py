"""Trials that an earlier sweep has run, and the trial scheduler of a new one."""

from typing import Any

from tune_mc1.planning.rungs import Rungs
from tune_mc1.results.growth_events import TakenEvent
from tune_mc1.running.schedulers.early_stopping import EarlyStopping


def taken(trial: str, scores: list[float | None]) -> TakenEvent:
    rows = [{"trial": trial, "epoch": i, "val_loss": s} for i, s in enumerate(scores, 1)]
    source = {"source": "earlier", "of": trial, "row": {}, "history": rows}
    return {"event": "taken", "trial": trial, **source}  # type: ignore[typeddict-item]


def test_new_trials_are_compared_with_them() -> None:
    events: list[dict[str, Any]] = []
    rungs = Rungs([(1, 3)], eta=2)
    scheduler = EarlyStopping(rungs, (), "val_loss", False, events.append)  # type: ignore[arg-type]
    scheduler.know([taken("t0001", [0.5, 0.4, 0.3]), taken("t0002", [0.9, None, 0.8])])
    assert [(e["trial"], e["rung"]) for e in events] == [
        *(("t0001", 1), ("t0001", 3), ("t0002", 1), ("t0002", 3))
    ]
    worse = rungs.decide("t0003", 1, -0.8)
    assert worse is not None
    assert worse.stop
    better = rungs.decide("t0004", 1, -0.4)
    assert better is not None
    assert not better.stop
