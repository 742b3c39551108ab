"""What Ray reserves for a trial: the sweep file's `resources`."""

from pydantic import BaseModel, ConfigDict, Field

from tune_mc1.config.field_types import Float


class Resources(BaseModel):
    """Resources that Ray reserves for one trial.

    Attributes:
        cpu: CPU cores, greater than 0; may be fractional.
        gpu: Fraction of a GPU in [0, 1]; a trial never uses more than one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    cpu: Float = Field(default=1.0, gt=0, le=1024)
    gpu: Float = Field(default=0.0, ge=0, le=1)
