"""Test scores of a sweep that goes on."""

from typing import Any

import pytest

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.results.events import extend_event, trial_event
from tune_mc1.results.growth_events import OUTDATED
from tune_mc1.results.tables import SweepTables

SWEEP: dict[str, Any] = {
    **{"event": "sweep", "time": 0.0, "metric": "val_acc", "maximize": True, "method": "grid"},
    **{"data": "shapes10", "fingerprint": "f", "replicates": 1},
}


def scored(trial: str, score: float) -> dict[str, Any]:
    of_test = {"test_loss": 1.0, "test_acc": score, "test_f1": score}
    return {"event": "test", "time": 0.0, "trial": trial, **of_test}


def apply(found: SweepTables, *events: Any) -> None:
    found.apply_all(events)


def tables() -> SweepTables:
    found = SweepTables()
    planned = [Trial(id=f"t{i}", config=TrialConfig(seed=i, epochs=1)) for i in range(3)]
    apply(found, SWEEP, *({**trial_event(trial), "time": 0.0} for trial in planned))
    apply(found, {"event": "end", "time": 1.0, "trial": "t0", "state": "completed"})
    apply(found, scored("t0", 0.5))
    return found


def scores(found: SweepTables) -> list[float | None]:
    return [row["test_acc"] for row in found.trials.values()]


LONGER = extend_event(Trial(id="t0", config=TrialConfig(seed=0, epochs=2)))
GOES_ON: dict[str, dict[str, Any]] = {
    "grown": {"event": "grow", "time": 2.0, "sweep": "", "changes": [], "replicates": 2},
    "extended": {**LONGER, "time": 2.0},
    "resumed": {"event": "resume", "time": 2.0},
    "again": {"event": "again", "time": 2.0, "trial": "t1", "why": "failed"},
}


@pytest.mark.parametrize("how", GOES_ON)
def test_they_stay_until_the_next_winner_is_scored(how: str) -> None:
    found = tables()
    apply(found, {"event": "enough", "time": 1.5, "reason": "budget"})
    apply(found, GOES_ON[how])
    assert scores(found) == [0.5, None, None]
    assert found.metadata[OUTDATED] == ["t0"], "so the winner is scored again, even if it is t0"
    apply(found, scored("t1", 0.6))
    apply(found, scored("t2", 0.7))
    assert scores(found) == [None, 0.6, 0.7]
    apply(found, scored("t1", 0.65))
    assert scores(found) == [None, 0.65, 0.7], "written again, as the sweep had been killed"
