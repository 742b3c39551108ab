"""What a published study found, beside the sweep that repeats it: the file's `reference`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Outcome(BaseModel):
    """One published number, and the curve that led to it if there is one.

    Attributes:
        where: Which trials: parameters and the value that they have there, such as
            `{batch_size: 32}`; empty for all.
        statistic: Whether it is the mean over those trials, or the best of them.
        epoch: The epoch, from 1, whose accuracy `val_acc` is.
        val_acc: Validation accuracy in [0, 1].
        curve: The same after each epoch from the first; None where it is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    where: dict[str, Any] = Field(default_factory=dict)
    statistic: Literal["mean", "best"] = "mean"
    epoch: int = Field(ge=1)
    val_acc: float = Field(ge=0, le=1)
    curve: tuple[float | None, ...] = ()


class Reference(BaseModel):
    """A published study.

    Attributes:
        source: Where it was published.
        slides: Headings of its slides, in its own language.
        validation: Which images its accuracies are of.
        shuffled: Whether its training batches were shuffled.
        outcomes: Its numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    slides: tuple[str, ...] = ()
    validation: str = "test"
    shuffled: bool = False
    outcomes: tuple[Outcome, ...] = ()
