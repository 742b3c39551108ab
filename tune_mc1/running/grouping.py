"""Groups of a sweep's trials that are trained together, on the machines that it has."""

from collections.abc import Callable, Sequence
from functools import cache

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.splits import make_split
from tune_mc1.planning.batches import ALONE, Batches, batches
from tune_mc1.planning.forecast import trial_seconds
from tune_mc1.planning.fusion import group_seconds, plan_groups
from tune_mc1.planning.resources import Node, TrialResources, full_speed_slots
from tune_mc1.running.sweep_run import SweepRun


def groups_of(
    run: SweepRun,
    trials: Sequence[AnyTrial],
    at_once: int,
    resources: TrialResources,
    up: Sequence[Node],
) -> Sequence[Sequence[AnyTrial]]:
    """Groups of the remaining trials, in starting order; each of a program's is alone.

    All trials of a group continue from the same epoch.
    """
    if run.program is not None:
        return [[trial] for trial in trials]
    left = [trial for trial in trials if isinstance(trial, Trial)]
    shape, classes = run.images.image_shape, len(run.images.classes)
    images = len(run.images.train_labels)

    def seconds(config: TrialConfig) -> float:
        return trial_seconds(config, images, shape, classes)

    @cache
    def fold_sizes(fold: int | None) -> tuple[int, int]:
        split = make_split(run.images, run.sweep.validation, fold)
        return len(split.train), len(split.val)

    most = run.max_concurrent
    busy = full_speed_slots(resources, min(at_once, most or at_once), up)
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


def batches_of(
    run: SweepRun,
    at_once: int,
    resources: TrialResources,
    up: Sequence[Node],
    group: Callable[[Sequence[AnyTrial]], Sequence[Sequence[AnyTrial]]],
) -> Batches:
    """How many settings a search that learns suggests at once."""
    if run.program is not None:
        return ALONE
    most = run.max_concurrent
    slots = full_speed_slots(resources, min(at_once, most or at_once), up)
    return batches(run.sweep.fuse, group, slots, most, gpu=resources.gpu > 0)
