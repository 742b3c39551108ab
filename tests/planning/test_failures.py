"""Failed trials that a resume runs again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.failures import may_have_changed, with_failed_again
from tune_mc1.planning.past import read_past
from tune_mc1.planning.search_space import plan_trials
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event, end_event, trial_event
from tune_mc1.results.trial_events import RungEvent
from tune_mc1.results.writer import ResultWriter


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("its process was lost (killed, as the system does ...)", "its process was lost"),
        ("killed by SIGKILL (out of memory?)", "its process was lost"),
        ("out of memory: reduce batch_size, or give each trial more ...", "memory ran out"),
        ("OSError: [Errno 28] No space left on device", "its storage failed"),
        ("hung: it did not report within trial_timeout", "it hung"),
        ("TrialError: the model has no layer", None),
        ("exit status 2", None),
        (None, None),
    ],
)
def test_causes_that_may_have_changed(error: str | None, cause: str | None) -> None:
    assert may_have_changed(error) == cause


def failed_sweep(parent: Path) -> tuple[Sweep, ResultDir]:
    """Three trials: lost, wrong, completed; ASHA has given up the first two."""
    early = {"type": "asha", "min_iter": 1, "eta": 2}
    rates = {"learning_rate": {"values": [0.1, 0.2, 0.3]}, "epochs": {"value": 4}}
    keys = {"method": "grid", "parameters": rates, "early_terminate": early}
    sweep = Sweep.model_validate(keys)
    where = ResultDir.create(parent, "failed")
    writer = ResultWriter(where)
    first: Event = {"event": "sweep", "metric": "val_acc", "maximize": True, "method": "grid"}
    writer.write(first, *map(trial_event, plan_trials(sweep)))
    for trial, error in (("t0001", "its process was lost"), ("t0002", "TrialError: wrong")):
        rung: RungEvent = {
            "event": "rung",
            "trial": trial,
            "bracket": 0,
            "rung": 1,
            "stop": True,
            "score": None,
            "cutoff": None,
        }
        writer.write(rung)
        writer.write(end_event(trial, "failed", error=error, epoch=1))
    writer.write(end_event("t0003", "completed"))
    writer.close()
    return sweep, where


@pytest.mark.parametrize(("everything", "again"), [(False, ["t0001"]), (True, ["t0001", "t0002"])])
def test_they_run_again_and_no_rung_holds_them_back(
    tmp_path: Path, everything: bool, again: list[str]
) -> None:
    sweep, where = failed_sweep(tmp_path)
    trials = plan_trials(sweep)
    before = read_past(where)
    assert before.remaining(trials) == [trials[2]]  # which has not run its epochs
    past, events, notices = with_failed_again(before, trials, everything=everything)
    assert [trial.id for trial in past.remaining(trials)] == [*again, "t0003"]
    assert notices[0] == "failed trials run again (its process was lost): t0001"
    assert notices[-1].startswith("failed trials")
    known = past.scheduler(sweep)
    assert known is not None
    assert known[1] == {"t0001", "t0002"} - set(again)
    writer = ResultWriter(where, tables=past.tables)
    writer.write({"event": "resume"}, *events)
    writer.close()
    later = read_past(where)  # killed before they started, and resumed without the flag
    assert later.decisions == past.decisions
    assert [trial.id for trial in later.remaining(trials)] == [*again, "t0003"]


def ids_again(events: Sequence[Event]) -> list[str]:
    return [event["trial"] for event in events if event["event"] == "again"]


def test_one_without_its_checkpoint_does_not_hold_up_a_resume(tmp_path: Path) -> None:
    """Earlier versions removed checkpoints of failed trials as out of the race."""
    sweep, where = failed_sweep(tmp_path)
    trials = plan_trials(sweep)
    past = replace(read_past(where), removed=frozenset({"t0001"}))
    _, events, _ = with_failed_again(past, trials, everything=False)
    assert ids_again(events) == ["t0001"], "no epoch ran"
    past = replace(read_past(where), removed=frozenset({"t0001"}))
    past.tables.trials["t0001"]["epochs_run"] = 1
    _, events, notices = with_failed_again(past, trials, everything=True)
    assert ids_again(events) == ["t0002"]
    assert any("keep_checkpoints removed their checkpoints: t0001" in line for line in notices)
