"""What all trials of a sweep of the user's own code share.

Imports neither torch, Lightning nor Ray.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.results.store.remote import Remote
from tune_mc1.tracking.wandb.mode import Mode


@dataclass(frozen=True, kw_only=True)
class OwnContext(ABC):
    """Settings that all trials of a sweep of the user's own code share.

    Attributes:
        root: The result directory, absolute; on a cluster with an object store, the scratch
            directory of each node.
        group: Group of its runs in W&B.
        sweep: The sweep.
        id: Random part of the ids of its runs in W&B.
        mode: Mode of W&B.
        cpus: CPU cores of each worker of a trial.
        gpus: GPUs of each worker of a trial.
        directory: Working directory of the user's code: on a cluster relative to what each node
            has been sent.
        here: Whether trials run on this machine.
        decisions: Actor that tells whether a trial is stopped early; None if none is.
        remote: The sweep's folder in an object store; None without a store.
        keep: Whether files stay in the directory after their trial ended.
        signals: Name under which trials look whether they are to stop by request; empty if nobody
            can ask for it.
    """

    root: Path
    group: str
    sweep: ProgramSweep
    id: str
    mode: Mode
    directory: Path
    here: bool = True
    cpus: float = 1.0
    gpus: float = 0.0
    decisions: Any = None
    remote: Remote | None = None
    keep: bool = True
    signals: str = ""

    @property
    @abstractmethod
    def trainable(self) -> Callable[..., None]:
        """Ray Tune's trainable: takes a trial's `config`, and this object as `context`."""


def metric_key(name: str) -> str:
    """Key of the sweep's metric in a report to Ray Tune, which takes `/` as a level."""
    return f"metric:{name.replace('/', '|')}"


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """The values, those that are not finite as None: no column has NaN."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
