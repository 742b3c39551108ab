"""The search of a sweep that runs, as requests see and change it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.cluster.ray_private import actor_of
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.errors import InputError
from tune_mc1.planning.resources import Capacity
from tune_mc1.results.exchanges import goes_on_after
from tune_mc1.results.tables import SweepTables
from tune_mc1.running.early_end import EarlyEnd
from tune_mc1.running.grouping import Grouping
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
        grouping: Divides trials into groups that are trained together, as when the sweep began.
        grouped: Whether trials may be in groups.
        tables: The sweep's tables.
        capacity: Resources of the machine or cluster now.
        room: Number of groups for which there are resources.
        reopen: Lets Ray Tune ask the search again after it had no further trials; says whether
            that is possible.
        signals: Tells the processes of trials.
        tunes: Ray's trials as they are now.
    """

    search: LimitedTrials
    source: PlannedTrials | LearningTrials
    end: EarlyEnd
    grouping: Grouping
    grouped: bool
    tables: SweepTables
    capacity: Callable[[], Capacity]
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

    def groups(self, trials: Sequence[AnyTrial]) -> Sequence[Sequence[AnyTrial]]:
        """Divides trials into groups that suit the number of trials that may run at a time now."""
        if not self.grouped:
            return [[trial] for trial in trials]
        parts: dict[int, list[AnyTrial]] = {}
        for trial in trials:
            row = self.tables.trials.get(trial.id)
            parts.setdefault(goes_on_after(row) if row is not None else 0, []).append(trial)
        grouping = self.grouping.limited_to(self.search.most, self.capacity())
        return [group for part in parts.values() for group in grouping.groups(part)]

    @property
    def at_once(self) -> int:
        """Largest number of settings that are suggested at once, to be one group; 1 for a plan."""
        return self.source.batches.limit if isinstance(self.source, LearningTrials) else 1

    def resize(self, most: int) -> dict[str, int]:
        """Lets so many trials run at a time; groups that have not begun are formed anew.

        Args:
            most: Maximum number of concurrent trials.

        Returns:
            Size of the group of each trial that is known to come.

        Raises:
            InputError: If trials that wait for resources cannot be taken back.
        """
        before, self.search.most = self.search.most, most
        try:
            self._make_room()
        except InputError:
            self.search.most = before
            raise
        sizes: dict[str, int] = {}

        def regroup(trials: Sequence[AnyTrial]) -> Sequence[Sequence[AnyTrial]]:
            groups = self.groups(trials)
            sizes.update((trial.id, len(group)) for group in groups for trial in group)
            return groups

        self.search.regroup(regroup)
        grouping = self.grouping.limited_to(most, self.capacity())
        self.search.places = grouping.places
        if isinstance(self.source, LearningTrials) and self.grouped:
            self.source.batches = grouping.batches()
            self.search.least = self.source.batches.usual
        return sizes

    def _make_room(self) -> None:
        """Takes back trials that wait for resources: those that are too many, and all groups."""
        waiting = list(self._waiting())[::-1]
        if all(len(_ids(one)) == 1 for one in waiting):
            waiting = waiting[: self.search.excess]
        if waiting and self.signals.usable:
            self._withdraw(waiting)

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
