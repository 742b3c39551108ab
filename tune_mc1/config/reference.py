"""Published results of a study that a sweep reproduces: the sweep file's `reference`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Outcome(BaseModel):
    """One published score, with its learning curve if known.

    Attributes:
        where: Parameter values that select the trials, such as `{batch_size: 32}`; empty for all.
        statistic: `mean` over those trials, or the `best` of them.
        epoch: Epoch of the score, from 1.
        val_acc: Validation accuracy after that epoch, in [0, 1].
        curve: Validation accuracy after each epoch; None where it is not known.
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
        slides: Headings of its slides, in the original language.
        validation: Images on which its accuracies were computed.
        shuffled: Whether its training batches were shuffled.
        outcomes: Its scores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    slides: tuple[str, ...] = ()
    validation: str = "test"
    shuffled: bool = False
    outcomes: tuple[Outcome, ...] = ()
