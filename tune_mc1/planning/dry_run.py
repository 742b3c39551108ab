"""What a sweep would do, for `--dry-run`: trials, rungs, resources, epochs, and a forecast."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.source import Source, find_source
from tune_mc1.errors import InputError
from tune_mc1.planning.forecast import trial_seconds
from tune_mc1.planning.fusion import Groups, group_seconds, makespan, plan_groups
from tune_mc1.planning.plan import Plan
from tune_mc1.planning.resources import (
    Capacity,
    Node,
    TrialResources,
    choose_resources,
    full_speed_slots,
    max_concurrent,
)


@dataclass(frozen=True)
class Place:
    """Where a sweep would run.

    Attributes:
        each: What a trial, or a group of trials, gets.
        at_once: How many run at once.
        up: The nodes that are there; what does not need a GPU needs none named.
    """

    each: TrialResources
    at_once: int
    up: tuple[Node, ...] = ()

    @property
    def gpu(self) -> bool:
        """Whether groups are those of GPUs."""
        return self.each.gpu > 0

    @property
    def full_speed_slots(self) -> int:
        """How many of those at once are as fast as alone."""
        return full_speed_slots(self.each, self.at_once, self.up)


def outline(plan: Plan, cores: int | None = None, place: Place | None = None) -> dict[str, Any]:
    """What a sweep would do, for `--dry-run`: trials, rungs, resources, epochs, and a forecast.

    Args:
        plan: The sweep.
        cores: Cores of the machine; None asks it.
        place: Where it would run; None is this machine.

    Returns:
        Plain data: `trials` (each with id, config, fold), `rungs` (each with bracket, epoch and
        how many trials reach it), `resources` (of a trial or group, and how many run at once),
        `groups` (ids of the trials that are trained as one model), `epochs` in total at most, and
        `forecast_seconds`, which is rough.
    """
    place = place or _this_machine(plan, float(cores or os.cpu_count() or 1))
    each, at_once = place.each, place.at_once
    epochs = sum(t.config.epochs for t in plan.trials) or plan.total * plan.sweep.longest_epochs
    groups = plan_groups(
        plan.trials, plan.sweep.fuse, place.full_speed_slots, _seconds(plan), gpu=place.gpu
    )
    return {
        "sweep": plan.sweep.model_dump(mode="json", exclude_none=True),
        "trials": [t.model_dump() for t in plan.trials],
        "total": plan.total,
        "rungs": rung_table(plan),
        "resources": {"cpu": each.cpu, "gpu": each.gpu, "trials_at_once": at_once},
        "groups": [[t.id for t in group] for group in groups],
        "epochs": epochs,
        "forecast_seconds": round(_forecast(plan, groups, epochs, place), 1),
    }


def _this_machine(plan: Plan, cores: float) -> Place:
    machine = Capacity((Node(cores),))
    try:
        each = choose_resources(plan.sweep.resources, machine)
    except InputError:
        each = TrialResources(plan.sweep.resources.cpu, plan.sweep.resources.gpu)  # type: ignore[union-attr]
    return Place(each, max_concurrent(each, machine))


def rung_table(plan: Plan) -> list[dict[str, int]]:
    """How many trials reach which epoch, as far as `early_terminate` tells beforehand."""
    early = plan.sweep.early_terminate
    return [] if early is None else early.dry_run_rows(plan.total, plan.sweep.longest_epochs)


def _seconds(plan: Plan) -> Callable[[TrialConfig], float]:
    """Seconds of a trial, for the usual images of its data source on a core like that measured."""
    usual = find_source(plan.sweep.data) or Source
    images = round(usual.usual_images * plan.sweep.limit_images)
    return lambda config: trial_seconds(config, images, usual.usual_shape, usual.usual_classes)


def _forecast(plan: Plan, groups: Groups, epochs: int, place: Place) -> float:
    each = _seconds(plan)
    times = (group_seconds(group, each, gpu=place.gpu) for group in groups)
    seconds = makespan(times, place.full_speed_slots)
    table = rung_table(plan)
    share = 1.0
    if table and epochs:
        share = min(1.0, _epochs_in(table) / epochs)
    return seconds * share


def _epochs_in(table: Sequence[Mapping[str, int]]) -> int:
    """Epochs that the trials of a rung table run in total."""
    total = 0
    before: dict[int, int] = {}
    for row in table:
        total += row["trials"] * (row["epoch"] - before.get(row["bracket"], 0))
        before[row["bracket"]] = row["epoch"]
    return total
