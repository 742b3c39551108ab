"""Outline of a sweep for `--dry-run`: trials, rungs, resources, epochs, and a forecast."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_mc1.config.module_sweep import ModuleSweep, workers_of
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import InputError
from tune_mc1.planning.batches import batches
from tune_mc1.planning.budget import buys
from tune_mc1.planning.draws import sample_one
from tune_mc1.planning.forecast import trial_seconds
from tune_mc1.planning.fusion import Groups, group_seconds, plan_groups
from tune_mc1.planning.makespan import makespan
from tune_mc1.planning.plan import Plan, command_of
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
    """Nodes and resources with which a sweep would run.

    Attributes:
        per_trial: Resources of each trial or group.
        concurrent: Number of trials or groups that run concurrently.
        up: Nodes that are running; only needed if trials use a GPU.
    """

    per_trial: TrialResources
    concurrent: int
    up: tuple[Node, ...] = ()

    @property
    def gpu(self) -> bool:
        """True if groups run on GPUs."""
        return self.per_trial.gpu > 0

    @property
    def full_speed_slots(self) -> int:
        """Number of concurrent trials or groups that run as fast as alone."""
        return full_speed_slots(self.per_trial, self.concurrent, self.up)


def outline(plan: Plan, cores: int | None = None, place: Place | None = None) -> dict[str, Any]:
    """Outlines a sweep: trials, rungs, resources, epochs, and a forecast.

    Args:
        plan: The sweep.
        cores: Cores of the machine; None for the actual number.
        place: Where it would run; None for this machine.

    Returns:
        Plain data: `trials` (each with id, config, fold), `rungs` (each with bracket, epoch and
        number of trials that reach it), `suggested_at_once` (settings that a search that learns
        suggests at once, to be trained as one model), `resources` (of a trial or group, and the
        number that run concurrently), `groups` (ids of the trials trained as one model), `epochs`
        (maximum total),
        and `forecast_seconds`, a rough estimate. For a program `command`, the words of the first
        trial's command line, `directory`, and `first`, its values, instead of the last three.
        Where trials exchange weights `exchanges`, the epochs after which they do, and how many.
        With a budget `budget`, what it buys (`tune_mc1.planning.budget.buys`).
    """
    place = place or _this_machine(plan, float(cores or os.cpu_count() or 1))
    if isinstance(plan.sweep, ProgramSweep):
        return _common(plan, place) | _program_outline(plan, plan.sweep) | _budget(plan, 0, None)
    trials = plan.training_trials
    epochs = sum(t.epochs for t in trials) or plan.total * plan.sweep.longest_epochs
    groups = plan_groups(
        trials,
        plan.sweep.fuse,
        place.full_speed_slots,
        _seconds(plan),
        gpu=place.gpu,
        images=(plan.images.shape, plan.images.classes),
    )
    at_once = batches(
        plan.sweep.fuse, lambda trials: [trials], place.full_speed_slots, None, gpu=place.gpu
    )
    learns = {"suggested_at_once": at_once.limit} if plan.sweep.search.learns else {}
    seconds = round(_forecast(plan, groups, epochs, place), 1)
    found = {
        "groups": [[t.id for t in group] for group in groups],
        "epochs": epochs,
        "forecast_seconds": seconds,
    }
    return _common(plan, place) | learns | found | _budget(plan, epochs, seconds)


def _budget(plan: Plan, epochs: int, seconds: float | None) -> dict[str, Any]:
    """What the sweep's budget buys, and what a resumed sweep has spent of it."""
    if plan.sweep.budget is None:
        return {}
    table = rung_table(plan)
    expected = min(epochs, _epochs_in(table)) if table else epochs
    facts = buys(plan.sweep.budget, expected, seconds, plan.total)
    if plan.past is not None:
        spent = plan.past.spent
        facts["spent"] = {"time": spent.seconds(), "epochs": spent.epochs, "cost": spent.cost()}
    return {"budget": facts}


def _common(plan: Plan, place: Place) -> dict[str, Any]:
    unused = set(plan.sweep.unused) if isinstance(plan.sweep, ProgramSweep) else set()
    return {
        "sweep": plan.sweep.model_dump(mode="json", exclude_none=True, exclude=unused),
        "trials": [t.model_dump() for t in plan.trials],
        "total": plan.total,
        "rungs": rung_table(plan),
        **_exchanges(plan),
        "resources": {
            "cpu": place.per_trial.cpu,
            "gpu": place.per_trial.gpu,
            "trials_at_once": place.concurrent,
        },
    }


def _exchanges(plan: Plan) -> dict[str, Any]:
    """When trials exchange weights and settings, if they do."""
    early = plan.sweep.early_terminate
    found = {} if early is None else early.exchanges(plan.sweep, plan.training_trials)
    return {"exchanges": found} if found else {}


def _program_outline(plan: Plan, sweep: ProgramSweep) -> dict[str, Any]:
    """The exact command of the first trial, or its module, and where it runs."""
    first = plan.trials[0].values if plan.trials else sample_one(sweep, 0)
    if isinstance(sweep, ModuleSweep):
        return {
            "module": sweep.module,
            "datamodule": sweep.datamodule,
            "workers": workers_of(sweep),
            "directory": sweep.directory,
            "first": first,
        }
    command, _ = command_of(sweep)
    return {
        "command": command.line(sweep.arguments(first), "parameters.json"),
        "directory": sweep.directory,
        "first": first,
    }


def _this_machine(plan: Plan, cores: float) -> Place:
    machine = Capacity((Node(cores),))
    try:
        per_trial = choose_resources(plan.sweep.resources, machine)
    except InputError:
        per_trial = TrialResources(plan.sweep.resources.cpu, plan.sweep.resources.gpu)  # type: ignore[union-attr]
    return Place(per_trial, max(1, max_concurrent(per_trial, machine) // workers_of(plan.sweep)))


def rung_table(plan: Plan) -> list[dict[str, int]]:
    """Number of trials that reach each epoch, as far as `early_terminate` determines it.

    A program says by itself when it ends, so its rungs are those that at least two trials reach,
    of which one can be stopped, without an end.
    """
    early, longest = plan.sweep.early_terminate, plan.sweep.longest_epochs
    rows = [] if early is None else early.dry_run_rows(plan.total, longest)
    if isinstance(plan.sweep, ProgramSweep):
        return [row for row in rows if row["trials"] > 1 and row["epoch"] < longest]
    return rows


def _seconds(plan: Plan) -> Callable[[TrialConfig], float]:
    """Seconds per trial on a core like the one measured."""
    images = plan.images
    return lambda config: trial_seconds(config, images.train, images.shape, images.classes)


def _forecast(plan: Plan, groups: Groups, epochs: int, place: Place) -> float:
    each = _seconds(plan)
    images = plan.images.shape, plan.images.classes
    times = (group_seconds(group, each, place.gpu, images) for group in groups)
    # Several cores of a trial share its large layers; small networks gain less.
    cores = 1 if place.gpu else max(1, int(place.per_trial.cpu))
    seconds = makespan(times, place.full_speed_slots) / cores
    table = rung_table(plan)
    share = 1.0
    if table and epochs:
        share = min(1.0, _epochs_in(table) / epochs)
    return seconds * share


def _epochs_in(table: Sequence[Mapping[str, int]]) -> int:
    """Total number of epochs that the trials of a rung table run."""
    total = 0
    before: dict[int, int] = {}
    for row in table:
        total += row["trials"] * (row["epoch"] - before.get(row["bracket"], 0))
        before[row["bracket"]] = row["epoch"]
    return total
