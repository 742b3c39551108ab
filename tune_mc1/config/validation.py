"""Choice of the images that score running trials: the sweep file's `validation`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Holdout(BaseModel):
    """Holds out a stratified part of the training images; the test images score the winner once.

    Attributes:
        holdout: Fraction of the training images, in (0, 1).
        seed: Seed of the split, which is the same for all trials of a sweep.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    holdout: float = Field(default=0.1, gt=0, lt=1)
    seed: Seed = 42


class Folds(BaseModel):
    """Stratified cross-validation: every setting runs once per fold.

    Attributes:
        folds: Number of folds, at least 2.
        seed: Seed of the partition, which is the same for all trials of a sweep.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: int = Field(ge=2, le=1000)
    seed: Seed = 42


VAL_WORDS = ("val", "valid", "validation")
"""Names of a validation split, in folders, files and sweep files."""


def _own_split(value: Any) -> Any:
    return "val" if isinstance(value, str) and value.lower() in VAL_WORDS else value


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "val" if _own_split(value) == "val" else "test"
    has_folds = "folds" in value if isinstance(value, dict) else isinstance(value, Folds)
    return "folds" if has_folds else "holdout"


Validation = Annotated[
    Annotated[Holdout, Tag("holdout")]
    | Annotated[Folds, Tag("folds")]
    | Annotated[Literal["test"], Tag("test")]
    | Annotated[Literal["val"], BeforeValidator(_own_split), Tag("val")],
    Discriminator(_kind),
]
"""Selected by its form alone, so that a mistake yields one message rather than one per member.
`val` are the validation images of the data set itself, the default where it has some. Validating on
the test images (`test`) is the reference's practice, for comparison only."""
