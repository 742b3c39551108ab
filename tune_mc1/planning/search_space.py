"""Trials of a sweep: the settings of its search, with their replicates and folds."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from tune_mc1.config.problems import problems_of
from tune_mc1.config.program_sweep import SEED, ProgramSweep
from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.trial_parameters import PARAMETERS
from tune_mc1.config.validation import Folds
from tune_mc1.errors import InputError

MAX_TRIALS = 100_000
MAX_MESSAGES = 10


def plan_trials(
    sweep: Sweep, *, source: str = "", settings: list[dict[str, Any]] | None = None
) -> list[Trial]:
    """Plans all trials that are known in advance, in order of setting, then seed, then fold.

    Args:
        sweep: A sweep with its method resolved (`resolve_method`).
        source: Name of the file, for messages.
        settings: Its settings; None for those of its search.

    Returns:
        Trials `t0001`, `t0002`, ... Replicate r of a setting has seed `seed + r`; with
        cross-validation every replicate runs once per fold. Empty for a search that learns.

    Raises:
        InputError: If values are not compatible, or there are too many trials.
    """
    if PARAMETERS:  # only a plugin's can be wrong, and pyarrow takes time
        from tune_mc1.results.schema import trial_schema

        trial_schema()
    search = sweep.search
    if search.learns:
        return []
    if search.needs_run_cap and sweep.run_cap is None:
        raise InputError(f"run_cap: is required by a {search.name} search (in the file, or as -n)")
    settings = _settings(sweep, settings)
    folds = range(sweep.validation.folds) if isinstance(sweep.validation, Folds) else (None,)
    prefix = f"{source}: " if source else ""
    _check_count(len(settings) * sweep.replicates * len(folds), prefix)
    runs = [
        (config, fold)
        for first in _different(_configs(sweep, settings, prefix))
        for config in _replicates(first, sweep.replicates)
        for fold in folds
    ]
    return [Trial(id=f"t{i:04d}", config=c, fold=fold) for i, (c, fold) in enumerate(runs, 1)]


def _settings(sweep: Sweep, given: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The settings given, or else of the search, each with the parameters that apply to it."""
    settings, space = sweep.search.settings(sweep) if given is None else given, sweep.space
    return settings if space.plain else [space.completed(setting) for setting in settings]


def _different(configs: list[TrialConfig]) -> list[TrialConfig]:
    """Settings without those that come to the same as an earlier one, seed and device included."""
    return list({config.model_dump_json(): config for config in configs}.values())


def fewer_notice(sweep: Sweep, trials: Sequence[AnyTrial]) -> list[str]:
    """The notice that a plan has fewer settings than were asked for, as equal ones run once.

    Args:
        sweep: The sweep.
        trials: Its plan.
    """
    if sweep.adapter is not None:
        return []
    folds = sweep.validation.folds if isinstance(sweep.validation, Folds) else 1
    found = len(trials) // (sweep.replicates * folds)
    asked = min(n for n in (sweep.search.count(sweep), sweep.run_cap, MAX_TRIALS) if n)
    if found >= asked:
        return []
    seeds = f", with {sweep.replicates} seeds" if sweep.replicates > 1 else ""
    each = f"only {found} different settings" if found > 1 else "only one setting"
    which = "run_cap: " if sweep.search.needs_run_cap else ""
    rule = f"{asked} settings were asked for, but the parameters have {each}"
    return [f"{which}{rule}; each is run once{seeds}"]


def _check_count(count: int, prefix: str) -> None:
    if count > MAX_TRIALS:
        raise InputError(f"{prefix}a sweep must have at most {MAX_TRIALS} trials, got {count}")


def plan_program_trials(
    sweep: ProgramSweep, *, source: str = "", settings: list[dict[str, Any]] | None = None
) -> list[ProgramTrial]:
    """Plans all trials of a program that are known in advance, in order of setting, then seed.

    Args:
        sweep: A sweep with its method resolved.
        source: Name of the file, for messages.
        settings: Its settings; None for those of its search.

    Raises:
        InputError: If there are too many trials.
    """
    if sweep.adapter is not None:
        return []
    settings = _settings(sweep, settings)
    _check_count(len(settings) * sweep.replicates, f"{source}: " if source else "")
    runs = [
        {**setting, SEED: setting[SEED] + r} if r else setting
        for setting in settings
        for r in range(sweep.replicates)
    ]
    return [ProgramTrial(id=f"t{i:04d}", values=values) for i, values in enumerate(runs, 1)]


def _replicates(first: TrialConfig, count: int) -> list[TrialConfig]:
    values = first.model_dump()
    more = [TrialConfig(**{**values, "seed": first.seed + r}) for r in range(1, count)]
    return [first, *more]


def _configs(sweep: Sweep, settings: list[dict[str, Any]], prefix: str) -> list[TrialConfig]:
    """Validates the settings; a mistake that several of them share is reported once."""
    configs = []
    mistakes: Counter[str] = Counter()
    for setting in settings:
        try:
            configs.append(sweep.config(setting))
        except ValidationError as error:
            mistakes.update(f"parameters.{problem}" for problem in problems_of(error))
    if not mistakes:
        return configs
    lines = [
        f"{prefix}{text} (in {times} of {len(settings)} settings)"
        for text, times in mistakes.most_common(MAX_MESSAGES)
    ]
    more = len(mistakes) - len(lines)
    raise InputError(lines + ([f"{prefix}and {more} more mistakes"] if more else []))
