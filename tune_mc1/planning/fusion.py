"""Grouping of trials that are trained together as one model.

Trials can be grouped if their models, batch sizes and epochs agree; they may differ in learning
rate, weight decay, momentum, dropout, initialisation, seed, fold and augmentation. Within a group,
trials with equal seed, fold and augmentation read the same images, in one lane. Augmented images
depend on nothing else, so a trial in a lane gets the same images as it would alone.

`fuse: auto` forms groups if the sweep then ends sooner: it starts with the largest possible groups,
halves the longest one repeatedly, since few large groups leave cores idle, and keeps the grouping
with the best forecast.
"""

import json
import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal

from tune_mc1.config.augmentations import augmentation_key
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import Trial, TrialConfig, trial_fields
from tune_mc1.config.trial_parameters import info_of
from tune_mc1.planning.fused_recipe import recipe_reason
from tune_mc1.planning.makespan import makespan
from tune_mc1.planning.own_networks import USUAL_IMAGES, Images, is_own, own_form

Groups = list[list[Trial]]
_Timed = list[tuple[float, list[Trial]]]
FoldSizes = Callable[[int | None], Hashable]

CPU_LIMIT = 8
"""Maximum size of a group on a CPU: larger ones exceed its caches and gain nothing."""
GPU_LIMIT = 32
"""Maximum size of a group on a GPU, if memory allows: 30 trials gain more than 10."""


def _unknown(_: int | None) -> Hashable:
    return None


def unfusable_reason(
    config: TrialConfig, images: Images = USUAL_IMAGES, gpu: bool = False
) -> str | None:
    """Reason why a trial can only be trained alone; None if it can be part of a group.

    Args:
        config: The trial's parameters.
        images: Shape of the images and number of classes, for networks that are not declared.
        gpu: Whether it runs on a GPU.
    """
    if reason := recipe_reason(config):
        return reason
    architecture = config.architecture
    if architecture.backbone is None and is_own(config):
        unknown = own_form(config, images).reason(gpu and config.device != "cpu")
        if unknown:
            return f"model {config.model} has no fused form ({unknown})"
    elif not architecture.fusable:
        return f"model {config.model} has no fused form"
    if OPTIMIZERS[config.optimizer].grouped is None:
        return f"optimizer {config.optimizer} has no fused form"
    for name in ("mixup_alpha", "cutmix_alpha"):
        if getattr(config, name) > 0:
            return f"{name} has no fused form"
    return None


def group_key(
    trial: Trial,
    fold_sizes: FoldSizes = _unknown,
    images: Images = USUAL_IMAGES,
    gpu: bool = False,
) -> Hashable:
    """Key that is equal for trials that can be trained together.

    Args:
        trial: A trial.
        fold_sizes: Returns the numbers of training and validation images of a fold.
        images: Shape of the images and number of classes.
        gpu: Whether it runs on a GPU.
    """
    config = trial.config
    alone = trial.id if unfusable_reason(config, images, gpu) else ""
    network = own_form(config, images).signature if not alone and is_own(config) else None
    values = tuple(getattr(config, n) for n, f in trial_fields().items() if info_of(f).agree)
    own = json.dumps(config.constructor_arguments, sort_keys=True) if config.arguments else ""
    return (alone, fold_sizes(trial.fold), config.effective_batch_norm, network, own, *values)


def share(config: TrialConfig, lanes: int, gpu: bool, images: Images = USUAL_IMAGES) -> float:
    """Time that one more trial adds to a group, relative to its time alone; 1 means no gain.

    Args:
        config: Parameters of one of the trials.
        lanes: Number of different image orders in the group.
        gpu: Whether the group runs on a GPU.
        images: Shape of the images and number of classes.
    """
    if unfusable_reason(config, images, gpu):
        return 1.0
    architecture = config.architecture
    gpu = gpu and config.device != "cpu"
    if is_own(config):
        return own_form(config, images).share(lanes, config.batch_size, gpu)
    if gpu:
        return architecture.gpu_share
    same, own = architecture.cpu_share
    return same if lanes == 1 else own


def group_seconds(
    trials: Sequence[Trial],
    seconds: Callable[[TrialConfig], float],
    gpu: bool,
    images: Images = USUAL_IMAGES,
) -> float:
    """Duration of a group: the full time of one trial, plus the share of every other trial.

    Args:
        trials: The group.
        seconds: Returns the duration of a trial trained alone.
        gpu: Whether it runs on a GPU.
        images: Shape of the images and number of classes.
    """
    config = trials[0].config
    if len(trials) == 1:
        return seconds(config)
    lanes = len({t.image_order for t in trials})
    return seconds(config) * (1 + (len(trials) - 1) * share(config, lanes, gpu, images))


def plan_groups(
    trials: Sequence[Trial],
    fuse: Literal["auto", "off"] | int,
    slots: int,
    seconds: Callable[[TrialConfig], float],
    *,
    gpu: bool = False,
    limit: int | None = None,
    fold_sizes: FoldSizes = _unknown,
    images: Images = USUAL_IMAGES,
) -> Groups:
    """Divides trials into groups, ordered by their first trials.

    Args:
        trials: The trials of the plan.
        fuse: The sweep's `fuse`.
        slots: Number of groups that run concurrently.
        seconds: Returns the duration of a trial trained alone, in any common unit.
        gpu: Whether groups run on a GPU.
        limit: Maximum size of a group, regardless of `fuse`.
        fold_sizes: Returns the numbers of training and validation images of a fold.
        images: Shape of the images and number of classes.
    """
    max_size = limit or len(trials)
    if fuse == "off" or max_size <= 1:
        return [[trial] for trial in trials]
    alike: dict[Hashable, list[Trial]] = {}
    for trial in trials:
        alike.setdefault(group_key(trial, fold_sizes, images, gpu), []).append(trial)
    if fuse == "auto":
        time = partial(group_seconds, seconds=seconds, gpu=gpu, images=images)
        each = partial(share, lanes=1, gpu=gpu, images=images)
        groups = _auto(alike.values(), max_size, slots, time, each, gpu)
    else:
        groups = [part for same in alike.values() for part in _chunks(same, min(max_size, fuse))]
    position = {trial.id: i for i, trial in enumerate(trials)}
    return sorted(groups, key=lambda group: position[group[0].id])


def _chunks(trials: Sequence[Trial], max_size: int) -> Groups:
    """Divides trials into as few groups as possible, with sizes that differ by at most one."""
    count = math.ceil(len(trials) / max_size)
    ends = [len(trials) * i // count for i in range(count + 1)]
    return [list(trials[a:b]) for a, b in pairwise(ends)]


def _auto(
    alike: Iterable[Sequence[Trial]],
    max_size: int,
    slots: int,
    seconds: Callable[[Sequence[Trial]], float],
    share_of: Callable[[TrialConfig], float],
    gpu: bool,
) -> Groups:
    timed: _Timed = []
    for same in alike:
        config = same[0].config
        largest = min(max_size, GPU_LIMIT if gpu and config.device != "cpu" else CPU_LIMIT)
        if len(same) > 1 and share_of(config) >= 1:
            largest = 1
        timed += [(seconds(g), g) for g in _chunks(_by_lane(same), largest)]
    best, shortest = timed, makespan((time for time, _ in timed), slots)
    while any(len(group) > 1 for _, group in timed):
        timed = _halve_longest(timed, slots, seconds)
        span = makespan((time for time, _ in timed), slots)
        if span <= shortest * (1 + 1e-9):  # prefers smaller groups among equally good plans
            best, shortest = timed, span
    return [group for _, group in best]


def _halve_longest(
    timed: _Timed, slots: int, seconds: Callable[[Sequence[Trial]], float]
) -> _Timed:
    """Halves the longest group, or several at once if very many are equally long."""
    fused = sorted((pair for pair in timed if len(pair[1]) > 1), key=lambda pair: -pair[0])
    equal = sum(1 for time, _ in fused if time == fused[0][0])
    count = max(1, equal // (4 * slots))
    parts = [part for _, g in fused[:count] for part in _chunks(g, -(-len(g) // 2))]
    alone = [pair for pair in timed if len(pair[1]) == 1]
    return alone + fused[count:] + [(seconds(part), part) for part in parts]


def _by_lane(trials: Sequence[Trial]) -> list[Trial]:
    """Sorts trials that read the same images next to each other, so that groups have few lanes."""
    first: dict[Hashable, int] = {}
    keys = {t.id: (t.fold, t.config.seed, augmentation_key(t.config)) for t in trials}
    for i, trial in enumerate(trials):
        first.setdefault(keys[trial.id], i)
    return sorted(trials, key=lambda t: first[keys[t.id]])
