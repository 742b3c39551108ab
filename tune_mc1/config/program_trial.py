"""Trial of a program, and the type of any trial."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from tune_mc1.config.program_sweep import SEED
from tune_mc1.config.setting_hash import setting_hash
from tune_mc1.config.trial import Trial


class ProgramTrial(BaseModel):
    """One run of a program with one setting.

    Attributes:
        id: Short name, unique in the sweep, such as `t0007`.
        values: Its parameters by name, dotted for those of nested groups.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    values: dict[str, Any]

    @property
    def config_hash(self) -> str:
        """Twelve hex digits that identify the setting; replicates, whose seeds differ, share it."""
        return setting_hash({name: v for name, v in self.values.items() if name != SEED})

    @property
    def fold(self) -> None:
        """None: programs have no cross-validation of ours."""
        return None

    @property
    def epochs(self) -> int:
        """0: a program says by itself when it ends."""
        return 0


AnyTrial = Trial | ProgramTrial
