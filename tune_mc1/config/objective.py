"""The metric that a sweep optimises."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from tune_mc1.config.aliases import splits_of
from tune_mc1.config.chosen_metrics import chosen_columns
from tune_mc1.config.field_types import Float
from tune_mc1.config.metrics import Goal, epoch_metrics, goal_of
from tune_mc1.errors import did_you_mean


def known_metric(name: str) -> str:
    """Returns the name of a metric of an epoch.

    Raises:
        ValueError: If there is none of this name; the message lists the known ones.
    """
    if name not in (known := (*epoch_metrics(), *chosen_columns())):
        raise ValueError(f"must be one of {', '.join(known)}{did_you_mean(name, known)}")
    return name


class Objective(BaseModel):
    """The metric that a sweep optimises.

    Attributes:
        name: One of `epoch_metrics()`, or of `chosen_columns()`. The suffix `_epoch` (Lightning's
            and W&B's) is removed.
        goal: `maximize` or `minimize`. By default the metric's own goal: maximise accuracy and F1,
            minimise losses. W&B minimises every metric by default.
        target: A value at which the sweep ends, once an epoch of a trial reaches it: trials that
            run go on to their end, and no other starts, as in W&B. None for no such value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = "val_acc"
    goal: Goal = "maximize"
    target: Float | None = None

    @property
    def maximize(self) -> bool:
        """True if higher is better."""
        return self.goal == "maximize"

    def reached(self, value: float | None) -> bool:
        """True if a value is as good as the target."""
        if value is None or self.target is None:
            return False
        return value >= self.target if self.maximize else value <= self.target

    @model_validator(mode="before")
    @classmethod
    def _sensible_goal(cls, data: Any) -> Any:
        if isinstance(data, dict) and "goal" not in data:
            return {**data, "goal": goal_of(str(data.get("name", "")).removesuffix("_epoch"))}
        return data

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        short = name.removesuffix("_epoch")
        if both := splits_of(short):
            raise ValueError(f"must be {' or '.join(both)} (the name alone fits both)")
        return known_metric(short)
