"""Why a trial was stopped, in words."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tune_mc1.config.field_types import Lang
from tune_mc1.config.stop_reason import StopReason, Why
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.planning.promotion import PromotingRungs
from tune_mc1.planning.rungs import Rungs
from tune_mc1.planning.schedulers.hyperband import BandScheduler
from tune_mc1.planning.stop_reasons import reason_text

SHARE = StopReason(3, 3, 0.21, 0.34, "best_share", 12, 3)
OWN = replace(SHARE, rule="own", share=0)
MEAN: dict[Lang, str] = {
    "en": "the mean of {n} at {unit} {at}",
    "de": "der Mittelwert von {n} nach {unit} {at}",
}


@pytest.mark.parametrize(
    ("reason", "en", "de"),
    [
        (
            SHARE,
            "val_acc 0.21 < 0.34, the best third of 12 trials at epoch 3",
            "val_acc 0.21 < 0.34, das beste Drittel von 12 Trials nach Epoche 3",
        ),
        (
            StopReason(5, 3, 0.5, 0.5, "best_share", 7, 2),
            "val_acc 0.5 is tied with the last of the best half of 7 trials at epoch 3, which came "
            "first",
            "val_acc 0.5 ist gleich dem letzten Wert, der zuerst kam: die beste Hälfte von "
            "7 Trials nach Epoche 3",
        ),
        (
            StopReason(1, 1, 0.5, None, "best_share", 1, 2.5),
            "val_acc 0.5 is not in the best 1/2.5 of 1 trial at epoch 1",
            "val_acc 0.5 reicht nicht für: das beste 1/2.5 von 1 Trial nach Epoche 1",
        ),
        (
            StopReason(4, 4, 0.123456, 0.123459, "median", 5),
            "best val_acc 0.123456 < 0.123459, the median of the means of 5 trials up to epoch 4",
            "bestes val_acc 0.123456 < 0.123459, der Median der Mittel von 5 Trials bis Epoche 4",
        ),
        (
            StopReason(4, 4, None, 0.1, "median", 5),
            "best val_acc is missing or not finite",
            "bestes val_acc fehlt oder ist nicht endlich",
        ),
        (
            replace(OWN, words=MEAN),
            "val_acc 0.21 < 0.34, the mean of 12 trials at epoch 3",
            "val_acc 0.21 < 0.34, der Mittelwert von 12 Trials nach Epoche 3",
        ),
        (
            replace(OWN, words={"en": "{half} of {n"}),
            "val_acc 0.21 < 0.34, {half} of {n",
            "val_acc 0.21 < 0.34, {half} of {n",
        ),
        ("no network\n left", "no network left", "no network left"),
    ],
)
def test_in_both_languages(reason: Why, en: str, de: str) -> None:
    assert reason_text(reason, "val_acc", maximize=True) == en
    assert reason_text(reason, "val_acc", maximize=True, lang="de") == de


def test_a_loss_is_as_it_was_logged() -> None:
    reason = StopReason(3, 3, -2.5, -1.25, "best_share", 12, 4)
    text = reason_text(reason, "loss", maximize=False, of_program=True)
    assert text == "loss 2.5 > 1.25, the best quarter of 12 trials at iteration 3"


def test_each_scheduler_says_it_live_and_restored() -> None:
    """With how many trials it was compared is part of its state."""
    makers: list[Callable[[], TrialScheduler[Any]]] = [
        lambda: Rungs([(2,)], 2),
        lambda: PromotingRungs([(2,)], 2),
        lambda: BandScheduler((2,), 4, strict=True),
    ]
    for make in makers:
        live, again = make(), make()
        decisions = []
        for trial, score in (("a", 0.9), ("b", 0.8), ("c", 0.1)):
            for epoch in (1, 2):
                decisions.append(live.decide(trial, epoch, score))
        again.restore(again.from_event(live.to_event(one)) for one in decisions if one is not None)
        assert live.reason("c") == again.reason("c")
        assert live.reason("c") is not None
        assert live.reason("nobody") is None
