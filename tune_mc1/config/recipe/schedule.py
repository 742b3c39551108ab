"""Parameters of learning-rate schedules."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tune_mc1.config.field_types import Float, Int, one_of
from tune_mc1.config.recipe.number_list import number_list
from tune_mc1.config.trial_parameters import ParameterInfo

_MILESTONES = "must be a list of ascending epochs greater than 0"


def _ascending(numbers: list[float]) -> bool:
    return numbers[0] > 0 and all(a < b for a, b in pairwise(numbers))


class ScheduleParameters(BaseModel):
    """Parameters of learning-rate schedules; which of them uses which: its entry in `LR_SCHEDULES`.

    Attributes:
        warmup_epochs: Epochs, possibly a fraction, in which the rate rises linearly, before the
            schedule begins (timm).
        warmup_steps: The same in optimiser steps.
        start_factor: Factor of the rate at the first step of the warm-up, in (0, 1]
            (`torch.optim.lr_scheduler.LinearLR`).
        schedule_epochs: Epochs over which the schedule extends; None uses those of the trial. It
            stays the same when a sweep is resumed with more epochs.
        end_factor: Factor at which `cosine` and `linear` end, at least 0 (LinearLR).
        pct_start: Share of the steps in which `one_cycle` rises, in (0, 1) (OneCycleLR).
        div_factor: `one_cycle` begins at the learning rate divided by this, at least 1.
        final_div_factor: It ends at its first rate divided by this, at least 1.
        anneal_strategy: Its shape, `cos` or `linear`.
        three_phase: Whether it falls as fast as it rose, before it fades out.
        step_size: Epochs after which `step` multiplies the rate by `gamma` each time (StepLR).
        milestones: Epochs after which it does so instead, such as `[30, 60]` (MultiStepLR).
        gamma: Factor of each such step, in (0, 1].
    """

    warmup_epochs: Annotated[Float, ParameterInfo("warm-up epochs", "Warm-up-Epochen")] = Field(
        default=0.0, ge=0, le=100_000
    )
    warmup_steps: Annotated[Int, ParameterInfo("warm-up steps", "Warm-up-Schritte")] = Field(
        default=0, ge=0, le=10**9
    )
    start_factor: Annotated[Float, ParameterInfo("first factor", "erster Faktor")] = Field(
        default=0.01, gt=0, le=1
    )
    schedule_epochs: Annotated[
        Int | None, ParameterInfo("epochs of the schedule", "Epochen des Verlaufs")
    ] = Field(default=None, ge=1, le=100_000)
    end_factor: Annotated[Float, ParameterInfo("last factor", "letzter Faktor")] = Field(
        default=0.0, ge=0, le=1
    )
    pct_start: Annotated[Float, ParameterInfo("share of the rise", "Anteil des Anstiegs")] = Field(
        default=0.3, gt=0, lt=1
    )
    div_factor: Annotated[Float, ParameterInfo("first divisor", "erster Teiler")] = Field(
        default=25.0, ge=1, le=1e12
    )
    final_div_factor: Annotated[Float, ParameterInfo("last divisor", "letzter Teiler")] = Field(
        default=1e4, ge=1, le=1e12
    )
    anneal_strategy: Annotated[
        Literal["cos", "linear"],
        one_of(("cos", "linear"), {"cosine": "cos"}),
        ParameterInfo("shape of the schedule", "Form des Verlaufs"),
    ] = "cos"
    three_phase: Annotated[bool, ParameterInfo("three phases", "drei Phasen")] = False
    step_size: Annotated[Float | None, ParameterInfo("step size", "Schrittweite")] = Field(
        default=None, gt=0, le=100_000
    )
    milestones: Annotated[
        str | None,
        number_list(_MILESTONES, _ascending),
        ParameterInfo("milestones", "Meilensteine"),
    ] = None
    gamma: Annotated[Float, ParameterInfo("decay of the rate", "Abfall der Rate")] = Field(
        default=0.1, gt=0, le=1
    )
