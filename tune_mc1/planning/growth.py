"""Sweeps that grow or shrink between two runs: which earlier trials still count, and new ones."""

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tune_mc1.config.parameters import Constant, SameAs
from tune_mc1.config.program_sweep import SEED, ProgramSweep
from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.setting_hash import setting_hash
from tune_mc1.config.support import can_have
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, trial_fields
from tune_mc1.errors import InputError
from tune_mc1.planning.search_space import MAX_TRIALS, plan_program_trials, plan_trials
from tune_mc1.results.events import Event

Setting = Mapping[str, Any]

_TRIES = 20
"""Draws per new setting before a space of few settings counts as used up."""


@dataclass(frozen=True)
class Growth:
    """How a resumed sweep differs from what it was when it was run before.

    Attributes:
        changes: Lines `path.to.field: was X, is Y`.
        outside: Ids of earlier trials that the sweep no longer has, in the order of the plan.
        again: Events of trials that run again, or were asked to stop before the sweep was killed.
    """

    changes: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    again: tuple[Event, ...] = ()


SAME = Growth()


def regrown(
    sweep: Sweep, known: Sequence[AnyTrial], planned: Sequence[AnyTrial], source: str
) -> tuple[list[AnyTrial], list[str]]:
    """The trials of a sweep that has grown or shrunk since some of them were planned.

    Finished trials count wherever they fit. A grid has the trials of its plan. A random search
    keeps the settings that it could still draw, in their order, up to `run_cap` of them; others
    are drawn at the positions that follow.

    Args:
        sweep: The sweep as it is now.
        known: All trials planned so far, in their order, with the epochs that they have now.
        planned: The trials that the sweep would have if it were new.
        source: Name of the sweep file, for messages.

    Returns:
        The trials: those known, in their order, then the new ones; and the ids of those known that
        do not belong to the sweep any more.

    Raises:
        InputError: If the search cannot go on with another number of settings.
    """
    if sweep.adapter is not None:
        kept = [trial for trial in known if drawable_setting(sweep, trial) is not None][
            : sweep.run_cap
        ]
    elif sweep.search.sampled:
        settings = _sampled_settings(sweep, known, source)
        planned = _planned(sweep, settings, source)
    if sweep.adapter is None:
        kept, new = _matched(known, planned)
    else:
        new = []
    ids = {trial.id for trial in kept}
    highest = max((int(trial.id[1:]) for trial in known), default=0)
    added = [
        trial.model_copy(update={"id": f"t{number:04d}"})
        for number, trial in enumerate(new, highest + 1)
    ]
    return [*kept, *added], [trial.id for trial in known if trial.id not in ids]


def _planned(sweep: Sweep, settings: list[dict[str, Any]], source: str) -> Sequence[AnyTrial]:
    if isinstance(sweep, ProgramSweep):
        return plan_program_trials(sweep, source=source, settings=settings)
    return plan_trials(sweep, source=source, settings=settings)


def _matched(
    known: Sequence[AnyTrial], planned: Sequence[AnyTrial]
) -> tuple[list[AnyTrial], list[AnyTrial]]:
    """Known trials that are planned, in their order, and planned ones that are not known."""
    free: dict[Hashable, deque[str]] = defaultdict(deque)
    for trial in known:
        free[same_result(trial)].append(trial.id)
    used, new = set(), []
    for trial in planned:
        if same := free[same_result(trial)]:
            used.add(same.popleft())
        else:
            new.append(trial)
    return [trial for trial in known if trial.id in used], new


def _sampled_settings(sweep: Sweep, known: Sequence[AnyTrial], source: str) -> list[dict[str, Any]]:
    """Settings of a random search: those known that it could draw, then new draws."""
    firsts = _occurrences(sweep, known)
    fitting = [
        s for trial in firsts if (s := drawable_setting(sweep, trial, any_seed=True)) is not None
    ]
    missing = (sweep.run_cap or 0) - len(fitting)
    if missing <= 0:
        return fitting[: sweep.run_cap]
    return [*fitting, *_drawn(sweep, firsts, missing, source)]


def _drawn(
    sweep: Sweep, before: Sequence[AnyTrial], missing: int, source: str
) -> list[dict[str, Any]]:
    """New settings of a random search, from the position after those drawn before."""
    start, most = len(before), len(before) + _TRIES * missing
    known = {_of_setting(sweep, trial) for trial in before}
    count = start + missing
    while True:
        drawn = _first(sweep, min(count, MAX_TRIALS))
        if start and count == start + missing and drawn[:start] != _first(sweep, start):
            name = sweep.search.name
            rule = f"{name} chooses all settings at once, so that their number cannot change"
            raise InputError(f"{source}: run_cap: {rule}")
        new = drawn[start:]
        if not isinstance(sweep, ProgramSweep):
            new = _distinct(sweep, new, known)
        if len(new) >= missing or len(drawn) < count or count >= most:
            return new[:missing]
        count = min(start + 2 * (count - start), most)


def _first(sweep: Sweep, count: int) -> list[dict[str, Any]]:
    """The first settings of a random search."""
    return sweep.search.settings(sweep.model_copy(update={"run_cap": count}))


def _distinct(
    sweep: Sweep, drawn: Iterable[dict[str, Any]], known: Iterable[Hashable]
) -> list[dict[str, Any]]:
    """Settings that are not known, each once; those that are not valid stay, to be reported."""
    seen, new = set(known), []
    for setting in drawn:
        try:
            config = sweep.config(setting)
        except ValidationError:
            new.append(setting)
            continue
        key = _of_setting(sweep, Trial(id="", config=config))
        if key not in seen:
            seen.add(key)
            new.append(setting)
    return new


def _occurrences(sweep: Sweep, known: Sequence[AnyTrial]) -> list[AnyTrial]:
    """The first trial of each setting; a program's setting that was drawn twice has two."""
    firsts: list[AnyTrial] = []
    seen: dict[Hashable, list[set[Hashable]]] = defaultdict(list)
    for trial in known:
        place = same_result(trial)
        for run in seen[_of_setting(sweep, trial)]:
            if place not in run:
                run.add(place)
                break
        else:
            seen[_of_setting(sweep, trial)].append({place})
            firsts.append(trial)
    return firsts


def _of_setting(sweep: Sweep, trial: AnyTrial) -> Hashable:
    """Equal for the replicates and folds of a setting; a seed that varies is part of it."""
    varies = not isinstance(sweep.parameters.get(SEED, Constant(value=0)), Constant)
    return (trial.config_hash, _seed(trial) if varies else None)


def same_result(trial: AnyTrial) -> Hashable:
    """Equal for trials that compute the same."""
    return trial.config_hash, _seed(trial), trial.fold


def _seed(trial: AnyTrial) -> Hashable:
    if isinstance(trial, ProgramTrial):
        return setting_hash({SEED: trial.values.get(SEED)})
    return trial.config.seed


def drawable_setting(
    sweep: Sweep, trial: AnyTrial, *, any_seed: bool = False
) -> dict[str, Any] | None:
    """The setting of a trial as the sweep could draw it; None if it could not.

    Args:
        sweep: The sweep.
        trial: A trial of the sweep as it was before.
        any_seed: Whether a trial with another seed than the sweep's one has the setting too.
    """
    space = sweep.space
    setting: dict[str, Any] = {}
    for name in space.order:
        if not space.applies(name, setting):
            continue
        parameter = sweep.parameters[name]
        found, value = _value(trial, name)
        if isinstance(parameter, SameAs):
            if not found or value != space.tied(name, setting):
                return None
        elif name == SEED and any_seed and isinstance(parameter, Constant):
            value = parameter.value
        elif not found or not can_have(parameter, value):
            return None
        setting[name] = value
    if isinstance(trial, ProgramTrial):
        return dict(sorted(setting.items())) if setting.keys() == trial.values.keys() else None
    try:
        same = sweep.config(setting).config_hash == trial.config_hash
    except ValidationError:
        return None
    return dict(sorted(setting.items())) if same else None


def _value(trial: AnyTrial, name: str) -> tuple[bool, Any]:
    """Whether a trial has a parameter, and its value."""
    if isinstance(trial, ProgramTrial):
        return name in trial.values, trial.values.get(name)
    if name in trial_fields():
        return True, getattr(trial.config, name)
    return name in trial.config.arguments, trial.config.arguments.get(name)


def with_epochs(trials: Sequence[AnyTrial], epochs: int | None) -> list[AnyTrial]:
    """Trials with another number of epochs; None keeps it."""
    if epochs is None:
        return list(trials)
    return [
        trial.model_copy(update={"config": trial.config.model_copy(update={"epochs": epochs})})
        if isinstance(trial, Trial)
        else trial
        for trial in trials
    ]
