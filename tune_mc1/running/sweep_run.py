"""Inputs of a sweep's run, besides its file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial
from tune_mc1.data.images import ImageData
from tune_mc1.planning.growth import SAME, Growth
from tune_mc1.planning.past import Past
from tune_mc1.planning.warm_start import COLD, WarmStart
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.running.own_context import OwnContext
from tune_mc1.tracking.kept_up import KeptUp
from tune_mc1.tracking.tracker import Tracker


@dataclass(frozen=True)
class SweepRun:
    """Inputs of a sweep's run, besides its file.

    Attributes:
        sweep: The validated sweep, its method resolved.
        trials: The plan; for a search that learns, the trials suggested so far.
        data: The images; None for a program.
        where: The result directory.
        past: History of a resumed sweep.
        address: A running Ray cluster, or None to start Ray on this machine.
        max_concurrent: Maximum number of concurrent trials, or None for as many as fit.
        trackers: Experiment trackers.
        tracked: What is known of them from the last run.
        remote: The result directory's folder in an object store, or None.
        growth: How a resumed sweep differs from what it was.
        warm: What a new sweep takes from earlier ones.
        program: How trials of the user's own code run; None in our own training.
        complete: Whether nothing is left to run, so that Ray is not needed.
        publish: Brings the journal in the object store up to date.
    """

    sweep: Sweep
    trials: Sequence[AnyTrial]
    data: ImageData | None
    where: ResultDir
    address: str | None = None
    max_concurrent: int | None = None
    trackers: Sequence[Tracker] = ()
    tracked: KeptUp | None = None
    past: Past = field(default_factory=Past)
    remote: Remote | None = None
    growth: Growth = SAME
    warm: WarmStart = COLD
    program: OwnContext | None = None
    complete: bool = False
    publish: Callable[[], None] = field(default=lambda: None)

    @property
    def left(self) -> list[AnyTrial]:
        """Trials that are not taken over and have not ended."""
        taken = {event["trial"] for event in self.warm.taken}
        return [t for t in self.past.remaining(self.trials) if t.id not in taken]

    @property
    def total(self) -> int:
        """Number of trials in its tables; 0 if the sweep has no end of its own."""
        total = (self.sweep.run_cap or 0) if self.sweep.adapter else len(self.trials)
        return total + len(self.growth.outside) if total else 0

    @property
    def training_trials(self) -> list[Trial]:
        """Trials of our own training; none if the sweep runs a program."""
        return [trial for trial in self.trials if isinstance(trial, Trial)]

    @property
    def images(self) -> ImageData:
        """The images of our own training."""
        assert self.data is not None
        return self.data

    @property
    def maximize(self) -> bool:
        """True if a higher metric is better."""
        return self.sweep.metric.maximize
