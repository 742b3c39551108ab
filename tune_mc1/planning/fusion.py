"""Which trials of a sweep are trained together as one model.

Trials fit together where their models, batches and epochs agree; they may differ in all that is a
number (learning rate, decay, momentum, dropout), in initialisation, seed, fold and augmentation.
Trials read the same images, in one lane of their group, where seed, fold and augmentation agree;
augmented images depend on nothing else, so a lane has the images of each of its trials alone.

`fuse: auto` makes groups where that ends the sweep sooner: it starts with the largest groups,
halves the longest one again and again, since few large groups leave cores idle, and takes what has
the best forecast.
"""

import heapq
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal

from tune_mc1.config.architectures import ARCHITECTURES
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import Trial, TrialConfig, trial_fields
from tune_mc1.config.trial_parameters import info_of

Groups = list[list[Trial]]
_Timed = list[tuple[float, list[Trial]]]
FoldSizes = Callable[[int | None], Hashable]

CPU_LIMIT = 8
"""Trials of a group on a CPU: more of them leave its caches and gain nothing."""
GPU_LIMIT = 32
"""Trials of a group on a GPU, where memory allows: 30 of them gain more than 10."""


def alone_because(config: TrialConfig) -> str | None:
    """Why a trial can only be trained alone; None if it can be part of a group."""
    if not ARCHITECTURES[config.model].fusable:
        return f"model {config.model} has no fused form"
    if OPTIMIZERS[config.optimizer].grouped is None:
        return f"optimizer {config.optimizer} has no fused form"
    return None


def alone_notices(trials: Sequence[Trial], fuse: Literal["auto", "off"] | int) -> list[str]:
    """Lines on trials that are trained alone though the sweep may fuse them.

    Nothing is said of those with a frozen backbone: they share its features, which saves more.

    Args:
        trials: The plan.
        fuse: The sweep's `fuse`.
    """
    if fuse == "off":
        return []
    reasons = (
        alone_because(trial.config)
        for trial in trials
        if ARCHITECTURES[trial.config.model].backbone is None
    )
    counts = Counter(filter(None, reasons))
    return [
        f"fuse: {count} trials are trained alone, as {reason}"
        for reason, count in counts.items()
        if count > 1
    ]


def _unknown(_: int | None) -> Hashable:
    return None


def group_key(trial: Trial, fold_sizes: FoldSizes = _unknown) -> Hashable:
    """What must agree for trials to be trained together: the parameters that say so, and sizes.

    Args:
        trial: A trial.
        fold_sizes: Numbers of training and validation images of a fold.
    """
    config = trial.config
    alone = trial.id if alone_because(config) else ""
    values = tuple(getattr(config, n) for n, f in trial_fields().items() if info_of(f).agree)
    return (alone, fold_sizes(trial.fold), config.effective_batch_norm, *values)


def share(config: TrialConfig, lanes: int, gpu: bool) -> float:
    """Time of one more trial in a group over its time alone; 1 if nothing is gained.

    Args:
        config: Of one of the trials.
        lanes: Different orders of images in the group.
        gpu: Whether the group runs on a GPU.
    """
    if alone_because(config):
        return 1.0
    architecture = ARCHITECTURES[config.model]
    if gpu and config.device != "cpu":
        return architecture.gpu_share
    same, own = architecture.cpu_share
    return same if lanes == 1 else own


def group_seconds(
    trials: Sequence[Trial], seconds: Callable[[TrialConfig], float], gpu: bool
) -> float:
    """Time that a group takes: one trial in full, and of each other its share.

    Args:
        trials: The group.
        seconds: Time of a whole trial alone.
        gpu: Whether it runs on a GPU.
    """
    config = trials[0].config
    lanes = len({t.image_order for t in trials})
    return seconds(config) * (1 + (len(trials) - 1) * share(config, lanes, gpu))


def plan_groups(
    trials: Sequence[Trial],
    fuse: Literal["auto", "off"] | int,
    slots: int,
    seconds: Callable[[TrialConfig], float],
    *,
    gpu: bool = False,
    limit: int | None = None,
    fold_sizes: FoldSizes = _unknown,
) -> Groups:
    """The groups in which trials are trained, in the order of their first trials.

    Args:
        trials: The plan.
        fuse: The sweep's `fuse`.
        slots: How many groups run at once.
        seconds: Time of a whole trial alone, on one scale for all.
        gpu: Whether groups run on a GPU.
        limit: Trials of a group at most, whatever `fuse` says.
        fold_sizes: Numbers of training and validation images of a fold.
    """
    alike: dict[Hashable, list[Trial]] = {}
    for trial in trials:
        alike.setdefault(group_key(trial, fold_sizes), []).append(trial)
    most = limit or len(trials)
    if fuse == "off" or most <= 1:
        groups = [[trial] for trial in trials]
    elif fuse == "auto":
        time = partial(group_seconds, seconds=seconds, gpu=gpu)
        groups = _auto(alike.values(), most, slots, time, gpu)
    else:
        groups = [part for same in alike.values() for part in _chunks(same, min(most, fuse))]
    position = {trial.id: i for i, trial in enumerate(trials)}
    return sorted(groups, key=lambda group: position[group[0].id])


def _chunks(trials: Sequence[Trial], most: int) -> Groups:
    """As few groups as possible, of sizes that differ by one at most."""
    if alone_because(trials[0].config):
        most = 1
    count = math.ceil(len(trials) / most)
    ends = [len(trials) * i // count for i in range(count + 1)]
    return [list(trials[a:b]) for a, b in pairwise(ends)]


def _auto(
    alike: Iterable[Sequence[Trial]],
    most: int,
    slots: int,
    seconds: Callable[[Sequence[Trial]], float],
    gpu: bool,
) -> Groups:
    timed: _Timed = []
    for same in alike:
        config = same[0].config
        largest = min(most, GPU_LIMIT if gpu and config.device != "cpu" else CPU_LIMIT)
        if share(config, 1, gpu) >= 1:
            largest = 1
        timed += [(seconds(g), g) for g in _chunks(_by_lane(same), largest)]
    best, shortest = timed, makespan((time for time, _ in timed), slots)
    while any(len(group) > 1 for _, group in timed):
        timed = _halve_longest(timed, slots, seconds)
        span = makespan((time for time, _ in timed), slots)
        if span <= shortest * (1 + 1e-9):  # of two equally good plans, that with smaller groups
            best, shortest = timed, span
    return [group for _, group in best]


def _halve_longest(
    timed: _Timed, slots: int, seconds: Callable[[Sequence[Trial]], float]
) -> _Timed:
    """Halves the longest group; of very many that are equally long, a part of them."""
    fused = sorted((pair for pair in timed if len(pair[1]) > 1), key=lambda pair: -pair[0])
    equal = sum(1 for time, _ in fused if time == fused[0][0])
    count = max(1, equal // (4 * slots))
    parts = [part for _, g in fused[:count] for part in _chunks(g, -(-len(g) // 2))]
    alone = [pair for pair in timed if len(pair[1]) == 1]
    return alone + fused[count:] + [(seconds(part), part) for part in parts]


def _by_lane(trials: Sequence[Trial]) -> list[Trial]:
    """Trials that read the same images stand together, so that a group has few lanes."""
    first: dict[Hashable, int] = {}
    keys = {t.id: (t.fold, t.config.seed, t.config.augment) for t in trials}
    for i, trial in enumerate(trials):
        first.setdefault(keys[trial.id], i)
    return sorted(trials, key=lambda t: first[keys[t.id]])


def makespan(durations: Iterable[float], slots: int) -> float:
    """When the last of some tasks ends that start longest first, as many at once as slots.

    Args:
        durations: Of the tasks.
        slots: At least 1.
    """
    free = [0.0] * slots
    for duration in sorted(durations, reverse=True):
        heapq.heapreplace(free, free[0] + duration)
    return max(free)
