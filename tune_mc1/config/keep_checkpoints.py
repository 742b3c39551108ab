"""Which checkpoints stay while a sweep runs and after it."""

from typing import Literal

KeepCheckpoints = Literal["all", "best", "none"]
"""`all`: those of every trial. `best`: those of trials that may go on, and in the end of the trials
of the best setting. `none`: as `best` while the sweep runs, and none once the winner is scored."""
