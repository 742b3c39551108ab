"""Shipped learning-rate schedules: PyTorch's own are the oracle; what does not fit is refused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch.optim import lr_scheduler as ours_of_torch

from tune_mc1.config.lr_schedules import factor_at
from tune_mc1.config.schedule_fit import schedule_notices
from tune_mc1.config.trial import TrialConfig

EPOCHS, PER_EPOCH = 10, 7
TOTAL = EPOCHS * PER_EPOCH
Make = Callable[[torch.optim.Optimizer], Any]


def pytorch(make: Make, steps: int = TOTAL, every: int = 1) -> list[float]:
    """Rates of a scheduler of PyTorch that is stepped after each `every` optimiser steps."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.2, momentum=0.9)
    scheduler = make(optimizer)
    rates = []
    for step in range(1, steps + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step % every == 0 and step < steps:
            scheduler.step()
    return rates


def ours(steps: int = TOTAL, **parameters: Any) -> list[float]:
    config = TrialConfig(learning_rate=0.2, epochs=steps // PER_EPOCH, **parameters)
    return [0.2 * factor_at(config, step, steps) for step in range(steps)]


def warmed(first: Make, then: Make, at: int) -> Make:
    return lambda o: ours_of_torch.SequentialLR(o, [first(o), then(o)], [at])


CASES: list[tuple[dict[str, Any], Make, int]] = [
    ({"lr_schedule": "cosine"}, lambda o: ours_of_torch.CosineAnnealingLR(o, TOTAL), 1),
    (
        {"lr_schedule": "cosine", "end_factor": 0.1},
        lambda o: ours_of_torch.CosineAnnealingLR(o, TOTAL, eta_min=0.02),
        1,
    ),
    (
        {"lr_schedule": "linear", "end_factor": 0.07},
        lambda o: ours_of_torch.LinearLR(o, 1.0, 0.07, TOTAL),
        1,
    ),
    ({"lr_schedule": "one_cycle"}, lambda o: ours_of_torch.OneCycleLR(o, 0.2, TOTAL), 1),
    (
        {"lr_schedule": "one_cycle", "pct_start": 0.2, "div_factor": 10, "three_phase": True},
        lambda o: ours_of_torch.OneCycleLR(
            o, 0.2, TOTAL, pct_start=0.2, div_factor=10, three_phase=True
        ),
        1,
    ),
    (
        {"lr_schedule": "one_cycle", "anneal_strategy": "linear", "final_div_factor": 100},
        lambda o: ours_of_torch.OneCycleLR(
            o, 0.2, TOTAL, anneal_strategy="linear", final_div_factor=100
        ),
        1,
    ),
    (
        {"lr_schedule": "step", "step_size": 3, "gamma": 0.5},
        lambda o: ours_of_torch.StepLR(o, 3, 0.5),
        PER_EPOCH,
    ),
    (
        {"lr_schedule": "step", "milestones": [4, 8]},
        lambda o: ours_of_torch.MultiStepLR(o, [4, 8]),
        PER_EPOCH,
    ),
    (
        {"lr_schedule": "cosine", "warmup_epochs": 2, "start_factor": 0.25},
        warmed(
            lambda o: ours_of_torch.LinearLR(o, 0.25, 1.0, 14),
            lambda o: ours_of_torch.CosineAnnealingLR(o, TOTAL - 14),
            14,
        ),
        1,
    ),
    (
        {"lr_schedule": "linear", "warmup_steps": 5},
        warmed(
            lambda o: ours_of_torch.LinearLR(o, 0.01, 1.0, 5),
            lambda o: ours_of_torch.LinearLR(o, 1.0, 0.0, TOTAL - 5),
            5,
        ),
        1,
    ),
    ({"warmup_epochs": 1.5}, lambda o: ours_of_torch.LinearLR(o, 0.01, 1.0, 10), 1),
]


@pytest.mark.parametrize(("parameters", "make", "every"), CASES)
def test_rates_are_those_of_pytorch(parameters: dict[str, Any], make: Make, every: int) -> None:
    assert ours(**parameters) == pytest.approx(pytorch(make, every=every), rel=1e-9, abs=1e-12)


def test_warm_up_with_cosine_is_that_of_timm() -> None:
    scheduler = pytest.importorskip("timm.scheduler")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.2)
    theirs = scheduler.CosineLRScheduler(
        optimizer, TOTAL - 14, warmup_t=14, warmup_lr_init=0.05, warmup_prefix=True
    )
    expected = [theirs._get_lr(step)[0] for step in range(TOTAL)]
    mine = ours(lr_schedule="cosine", warmup_epochs=2, start_factor=0.25)
    assert mine == pytest.approx(expected, abs=1e-12)


def test_a_trial_with_more_epochs_keeps_the_schedule_it_began_with() -> None:
    for parameters in (
        {"lr_schedule": "cosine", "schedule_epochs": 6, "warmup_epochs": 1},
        {"lr_schedule": "one_cycle", "schedule_epochs": 6},
        {"lr_schedule": "step", "step_size": 2},
        {"warmup_epochs": 2},
    ):
        short, whole = ours(3 * PER_EPOCH, **parameters), ours(6 * PER_EPOCH, **parameters)
        longer = ours(9 * PER_EPOCH, **parameters)
        assert short == whole[: len(short)]
        assert longer[: len(whole)] == whole
        if "schedule_epochs" in parameters:
            assert set(longer[len(whole) :]) == {whole[-1]}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"lr_schedule": "cosine", "gamma": 0.5},
            "gamma: only valid with lr_schedule step, got 0.5 with cosine",
        ),
        (
            {"end_factor": 0.5},
            "end_factor: only valid with lr_schedule cosine, linear, got 0.5 with constant",
        ),
        (
            {"lr_schedule": "step"},
            "lr_schedule: step needs step_size or milestones (one of them), got step",
        ),
        (
            {"lr_schedule": "cosine", "warmup_epochs": 10},
            "warmup_epochs: must be less than epochs (10), as the schedule follows it, got 10",
        ),
        (
            {"warmup_epochs": 1, "warmup_steps": 3},
            "warmup_steps: must not be set beside warmup_epochs, which says the same in epochs, "
            "got 3",
        ),
        (
            {"start_factor": 0.5},
            "start_factor: only valid with warmup_epochs or warmup_steps, got 0.5",
        ),
        (
            {"lr_schedule": "step", "milestones": [8, 4]},
            "milestones: must be a list of ascending epochs greater than 0",
        ),
        ({"pct_start": 1}, "pct_start: "),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TrialConfig(**parameters)
    (error,) = caught.value.errors()
    place = "".join(f"{part}: " for part in error["loc"])
    assert f"{place}{error['msg'].removeprefix('Value error, ')}".startswith(message)


def test_a_schedule_longer_than_the_run_is_said() -> None:
    def notices(**parameters: Any) -> list[str]:
        return schedule_notices([TrialConfig(epochs=4, **parameters)])

    assert notices(lr_schedule="cosine") == notices(lr_schedule="constant") == []
    assert notices(lr_schedule="cosine", schedule_epochs=9) == [
        "schedule_epochs: cosine extends over 9 epochs; its trials end after 4 of them, before the "
        "rate is at its lowest"
    ]
    assert notices(lr_schedule="cosine", schedule_epochs=2) == [
        "schedule_epochs: cosine extends over 2 epochs; epochs 3 to 4 continue at its last rate"
    ]
    assert notices(lr_schedule="step", milestones=[2, 4, 8]) == [
        "milestones: 4, 8 is not reached in 4 epochs"
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("CosineAnnealingLR", "cosine"),
        ("OneCycleLR", "one_cycle"),
        ("onecycle", "one_cycle"),
        ("MultiStepLR", "step"),
        ("multistep", "step"),
        ("LinearLR", "linear"),
        ("none", "constant"),
    ],
)
def test_names_of_pytorch_and_timm(written: str, name: str) -> None:
    more: dict[str, Any] = {"step_size": 1} if name == "step" else {}
    assert TrialConfig(lr_schedule=written, **more).lr_schedule == name
