"""What a sweep needs to run, beside its file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.data.images import ImageData
from tune_mc1.planning.past import Past
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.tracking.tracker import Tracker


@dataclass(frozen=True)
class SweepRun:
    """All that a sweep needs beside its file.

    Attributes:
        sweep: The validated sweep, its method resolved.
        trials: The plan; of a search that learns, those made so far.
        data: The images.
        where: The result directory.
        past: What a sweep that goes on did before.
        address: A running Ray cluster, or None to start Ray on this machine.
        max_concurrent: Most trials at once, or None for as many as fit.
        trackers: Show the sweep elsewhere while it runs.
        remote: The result directory's folder in an object store, or None.
    """

    sweep: Sweep
    trials: Sequence[Trial]
    data: ImageData
    where: ResultDir
    address: str | None = None
    max_concurrent: int | None = None
    trackers: Sequence[Tracker] = ()
    past: Past = field(default_factory=Past)
    remote: Remote | None = None

    @property
    def maximize(self) -> bool:
        """Whether a higher metric is better."""
        return self.sweep.metric.maximize
