"""The search of a sweep that runs, as requests see and change it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.cluster.ray_private import actor_of
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.errors import InputError
from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.search.learning import LearningTrials
from tune_mc1.running.search.limited import LimitedTrials
from tune_mc1.running.search.planned import PlannedTrials
from tune_mc1.running.steering.signals import Signals

NO_WORD = "this version of Ray has no way to tell trials that have started; stop the whole sweep"


@dataclass
class RunningSearch:
    """The search of a sweep that runs.

    Attributes:
        search: What Ray Tune asks for trials.
        source: What the trials come from.
        end: Says whether the sweep ends.
        group: Divides new trials into groups that are trained together.
        room: Number of groups for which there are resources.
        reopen: Lets Ray Tune ask the search again after it had no further trials; says whether
            that is possible.
        signals: Tells the processes of trials.
        tunes: Ray's trials as they are now.
    """

    search: LimitedTrials
    source: PlannedTrials | LearningTrials
    end: EarlyEnd
    group: Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]]
    room: Callable[[], int]
    reopen: Callable[[], bool]
    signals: Signals
    tunes: Sequence[TuneTrial] = field(default_factory=list)

    def running(self) -> set[str]:
        """Ids of the trials that have a process, or are about to take over one."""
        found = (_ids(one) for one in self.tunes if _has_process(one))
        return {trial for ids in found for trial in ids}

    def take_out(self, trials: Collection[str]) -> None:
        """Removes trials that do not run from all that is to come.

        Raises:
            InputError: If they cannot be reached.
        """
        waiting = [one for one in self._waiting() if not set(trials).isdisjoint(_ids(one))]
        self._withdraw(waiting, leave_out=trials)
        self.search.take_out(trials)

    def make_room(self) -> None:
        """Takes back trials that wait for resources, as far as they are too many."""
        excess = self.search.excess
        if excess and self.signals.usable:
            self._withdraw(list(self._waiting())[::-1][:excess])

    def _waiting(self) -> Iterator[TuneTrial]:
        pending = (one for one in self.tunes if one.status == TuneTrial.PENDING and _ids(one))
        return (one for one in pending if not _has_process(one))

    def _withdraw(self, tunes: Sequence[TuneTrial], leave_out: Collection[str] = ()) -> None:
        """Takes back what Ray's trials were to run, which then end at once.

        Their processes may have been asked for, with what they were to run.

        Raises:
            InputError: If processes cannot be told, or the search not be asked again.
        """
        if not tunes:
            return
        if not (self.signals.usable and self.reopen()):
            raise InputError(NO_WORD)
        self.signals.void(one.trial_id for one in tunes)
        for one in tunes:
            again = [spec for spec in one.config["trials"] if spec["id"] not in leave_out]
            one.config["trials"] = []
            self.search.withdraw(one.trial_id, again)


def _has_process(trial: TuneTrial) -> bool:
    """True if what a trial is to run has been sent to its process."""
    pending = trial.status == TuneTrial.PENDING
    return trial.status == TuneTrial.RUNNING or (pending and actor_of(trial) is not None)


def _ids(trial: TuneTrial) -> list[str]:
    return [spec["id"] for spec in trial.config["trials"]]
