"""Which reports a trial with early stopping waits for: those at its rungs, and no others."""

import time
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest

from tune_mc1.config.early_terminate import EarlyTerminate
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.planning.schedulers.asha import SuccessiveHalving
from tune_mc1.planning.schedulers.asha_promote import PromotingHalving
from tune_mc1.planning.schedulers.hyperband import Hyperband
from tune_mc1.planning.schedulers.median import MedianStopping
from tune_mc1.running.awaited import Awaited
from tune_mc1.running.steering.signals import Listener
from tune_mc1.running.tune_report import TuneReport

LONGEST = 9


def row(epoch: int, trial: str = "t1") -> dict[str, Any]:
    return {"trial": trial, "epoch": epoch, "val_acc": 0.1}


def schedulers() -> list[EarlyTerminate]:
    return [
        SuccessiveHalving(type="asha", min_iter=2, eta=2),
        SuccessiveHalving(type="asha", min_iter=1, eta=2, brackets=3),
        PromotingHalving(type="asha_promote", min_iter=2, eta=2, brackets=2),
        Hyperband(type="hyperband", min_iter=2, eta=2),
        MedianStopping(type="median"),
    ]


@pytest.mark.parametrize(
    "early", schedulers(), ids=["asha", "brackets", "promote", "hyperband", "median"]
)
def test_nothing_is_decided_after_other_epochs(early: EarlyTerminate) -> None:
    """Trial after trial gets worse, so each is stopped as soon as it can be."""
    decider: TrialScheduler[Any] = early.scheduler(LONGEST)
    for n in range(40):
        at = decider.decides_at(f"t{n}")
        for epoch in range(1, LONGEST):
            decision = decider.decide(f"t{n}", epoch, -n)
            assert decision is None or at is None or epoch in at
            if decision is not None and decision.stop:
                break


@pytest.mark.parametrize(
    ("rows", "ends", "awaited"),
    [
        ([row(1)], [], False),
        ([row(2)], [], True),
        ([row(1), row(1, "t2")], [], False),
        ([row(1, "t3")], [], True),
        ([row(3)], [], True),
        ([row(3, "t2")], [], False),
        ([], [{"trial": "t1", "state": "failed", "epoch": 1}], True),
        ([], [{"trial": "t2", "state": "failed", "epoch": 1}], False),
    ],
    ids=["1", "rung", "others", "always", "late", "late never", "failed", "failed never"],
)
def test_a_report_is_awaited(rows: Any, ends: Any, awaited: bool) -> None:
    assert Awaited({"t1": (2, 4), "t2": (), "t3": None})(rows, ends) is awaited


def test_only_the_first_report_can_be_late() -> None:
    ask = Awaited({"t1": (2, 4)})
    assert [ask([row(epoch)], []) for epoch in (1, 2, 3, 4, 5)] == [False, True, False, True, False]


def test_a_trial_waits_at_its_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    reports, answers = [], Event()

    def report(result: dict[str, Any]) -> None:
        reports.append(result)
        assert answers.wait(20)

    monkeypatch.setattr("ray.tune.report", report)
    context: Any = SimpleNamespace(ahead=False, decisions=None, metric="val_acc")
    tell = TuneReport({"t1": 4}, context, Listener(""), decided={"t1": (2,)})
    tell([row(1)])
    assert not answers.is_set(), "it goes on"
    answers.set()
    tell._ahead.wait()
    answers.clear()
    rung = Thread(target=tell, args=([row(2)],))
    rung.start()
    end = time.monotonic() + 20
    while len(reports) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    rung.join(0.2)
    assert rung.is_alive(), "it waits"
    answers.set()
    rung.join(20)
    tell([row(3)])
    tell([row(4)])
    tell.finish()
    assert [r["rows"][0]["epoch"] for r in reports] == [1, 2, 3, 4]
    assert [r.get("done", False) for r in reports] == [False, False, False, True]
