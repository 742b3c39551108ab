"""Groups of trials that are trained as one model, as many as suit the machine or cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from tune_mc1.config.module_sweep import workers_of
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.splits import make_split
from tune_mc1.planning.batches import Batches, alone, batches
from tune_mc1.planning.forecast import trial_seconds
from tune_mc1.planning.fusion import group_seconds, plan_groups
from tune_mc1.planning.resources import (
    Capacity,
    TrialResources,
    full_speed_slots,
    max_concurrent,
)
from tune_mc1.running.sweep_run import SweepRun


@dataclass(frozen=True)
class Grouping:
    """Divides trials into groups for the machine or cluster as it is now.

    Attributes:
        run: The sweep.
        resources: Minimum resources of each trial or group.
        capacity: Resources of the machine or cluster.
    """

    run: SweepRun
    resources: TrialResources
    capacity: Capacity

    @property
    def at_once(self) -> int:
        """Number of trials or groups that have resources at the same time, at least 1."""
        fit = max_concurrent(self.resources, self.capacity)
        return max(1, fit // workers_of(self.run.sweep))

    @property
    def places(self) -> int:
        """Number of trials or groups that run at the same time at full speed."""
        most = min(self.at_once, self.run.max_concurrent or self.at_once)
        return full_speed_slots(self.resources, most, self.capacity.up)

    def limited_to(self, most: int | None, capacity: Capacity) -> "Grouping":
        """As it would be if at most so many trials ran at a time.

        Args:
            most: Maximum number of concurrent trials.
            capacity: Resources as they are now.
        """
        return replace(self, run=replace(self.run, max_concurrent=most), capacity=capacity)

    def batches(self) -> Batches:
        """How many settings a search that learns suggests at once."""
        run, at_once = self.run, self.at_once
        if run.program is not None or run.sweep.adapter is None:
            return alone(at_once)
        most, gpu = run.max_concurrent, self.resources.gpu > 0
        group = partial(self.groups, at_once=1)
        return batches(run.sweep.fuse, group, self.places, most, gpu=gpu, at_once=at_once)

    def groups(
        self, trials: Sequence[AnyTrial], at_once: int | None = None
    ) -> Sequence[Sequence[AnyTrial]]:
        """Groups of the remaining trials, in starting order; each of a program's is alone.

        All trials of a group continue from the same epoch.

        Args:
            trials: The trials.
            at_once: Number of groups that run at the same time; as many as have resources by
                default.
        """
        if self.run.program is not None:
            return [[trial] for trial in trials]
        left = [trial for trial in trials if isinstance(trial, Trial)]
        return _planned(self, left, at_once or self.at_once)


def _planned(grouping: Grouping, left: Sequence[Trial], at_once: int) -> Sequence[Sequence[Trial]]:
    """Groups of trials of networks."""
    run, resources = grouping.run, grouping.resources
    shape, classes = run.images.image_shape, len(run.images.classes)
    images = len(run.images.train_labels)

    def seconds(config: TrialConfig) -> float:
        return trial_seconds(config, images, shape, classes)

    @cache
    def fold_sizes(fold: int | None) -> tuple[int, int]:
        split = make_split(run.images, run.sweep.validation, fold)
        return len(split.train), len(split.val)

    most = run.max_concurrent
    busy = full_speed_slots(resources, min(at_once, most or at_once), grouping.capacity.up)
    gpu = resources.gpu > 0
    limit = most if most is None or run.sweep.fuse != "auto" else max(1, most // busy)
    groups = [
        group
        for part in run.past.by_epoch(left)
        for group in plan_groups(
            part,
            run.sweep.fuse,
            busy,
            seconds,
            gpu=gpu,
            limit=limit,
            fold_sizes=fold_sizes,
            images=(shape, classes),
        )
    ]
    position = {trial.id: i for i, trial in enumerate(left)}
    groups.sort(key=lambda group: position[group[0].id])
    if run.sweep.early_terminate is None and any(len(group) > 1 for group in groups):
        # Longest first, so that no core idles for long at the end of the sweep.
        groups.sort(key=lambda group: -group_seconds(group, seconds, gpu, (shape, classes)))
    return groups
