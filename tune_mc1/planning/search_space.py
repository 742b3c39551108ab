"""From a sweep to its trials: grid, random samples, and Ray Tune's search space."""

from collections import Counter
from typing import Any

from pydantic import ValidationError

from tune_mc1.config.distributions import Range
from tune_mc1.config.method import bayes_problems, grid_problems, grid_size
from tune_mc1.config.parameters import Categorical, Constant, IntUniform, Parameter
from tune_mc1.config.problems import problems_of
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Folds
from tune_mc1.errors import InputError
from tune_mc1.seeding import derive_seed

MAX_TRIALS = 100_000
MAX_MESSAGES = 10


def grid(sweep: Sweep) -> list[dict[str, Any]]:
    """All combinations of the listed values, at most `run_cap` of them.

    The order is W&B's: parameters sorted by name, the last one varying fastest, values as listed.

    Raises:
        InputError: A parameter has no grid, or there are more than 100,000 settings.
    """
    problems = grid_problems(sweep)
    if problems:
        raise InputError(map(str, problems))
    count = min(grid_size(sweep), sweep.run_cap or MAX_TRIALS + 1)
    if count > MAX_TRIALS:
        raise InputError(
            f"parameters: a grid must have at most {MAX_TRIALS} settings, got {grid_size(sweep)} "
            "(run_cap takes the first ones only)"
        )
    return [_grid_setting(sweep, index) for index in range(count)]


def _grid_setting(sweep: Sweep, index: int) -> dict[str, Any]:
    setting = {}
    for name in sorted(sweep.parameters, reverse=True):
        parameter = sweep.parameters[name]
        index, position = divmod(index, parameter.grid_size or 1)
        setting[name] = parameter.grid_value(position)
    return dict(reversed(setting.items()))


def sample(sweep: Sweep, n: int) -> list[dict[str, Any]]:
    """Settings drawn at random.

    Each value has its own generator, seeded by `search_seed`, the parameter's name and the
    position, so that neither `n` nor the other parameters change it.

    Args:
        sweep: The sweep.
        n: Number of settings.
    """
    from numpy.random import default_rng

    return [
        {
            name: parameter.sample(default_rng(derive_seed(sweep.search_seed, "sample", name, i)))
            for name, parameter in sorted(sweep.parameters.items())
        }
        for i in range(n)
    ]


def plan_trials(sweep: Sweep, *, source: str = "") -> list[Trial]:
    """All trials of a grid or random search, in order: by setting, then seed, then fold.

    Args:
        sweep: A sweep with its method settled (`resolve_method`).
        source: Name of the file, for messages.

    Returns:
        Trials `t0001`, `t0002`, ... Replicate r of a setting has seed `seed + r`; with
        cross-validation every replicate runs once a fold.

    Raises:
        InputError: Values that do not fit together, or too many trials.
    """
    if sweep.method == "grid":
        settings = grid(sweep)
    else:
        if sweep.run_cap is None:
            raise InputError("run_cap: is required by a random search (in the file, or as -n)")
        settings = sample(sweep, sweep.run_cap)
    folds = range(sweep.validation.folds) if isinstance(sweep.validation, Folds) else (None,)
    count = len(settings) * sweep.replicates * len(folds)
    prefix = f"{source}: " if source else ""
    if count > MAX_TRIALS:
        raise InputError(f"{prefix}a sweep must have at most {MAX_TRIALS} trials, got {count}")
    runs = [
        (config, fold)
        for first in _configs(settings, prefix)
        for config in _replicates(first, sweep.replicates)
        for fold in folds
    ]
    return [Trial(id=f"t{i:04d}", config=c, fold=fold) for i, (c, fold) in enumerate(runs, 1)]


def _replicates(first: TrialConfig, count: int) -> list[TrialConfig]:
    values = first.model_dump()
    more = [TrialConfig(**{**values, "seed": first.seed + r}) for r in range(1, count)]
    return [first, *more]


def _configs(settings: list[dict[str, Any]], prefix: str) -> list[TrialConfig]:
    """The settings, validated; equal mistakes of several settings are reported once."""
    configs = []
    mistakes: Counter[str] = Counter()
    for setting in settings:
        try:
            configs.append(TrialConfig(**setting))
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


def ray_space(sweep: Sweep) -> dict[str, Any]:
    """The parameters as Ray Tune's search space, in the distributions that Optuna has.

    Raises:
        InputError: A distribution that Optuna lacks, or no parameter varies.
    """
    problems = bayes_problems(sweep)
    if problems:
        raise InputError(map(str, problems))
    return {name: _domain(parameter) for name, parameter in sorted(sweep.parameters.items())}


def _domain(parameter: Parameter) -> Any:
    from ray import tune

    if isinstance(parameter, Constant):
        # OptunaSearch drops plain values from the settings that it suggests.
        return tune.choice([parameter.value])
    if isinstance(parameter, Categorical):
        return tune.choice(list(parameter.values))
    if isinstance(parameter, IntUniform):
        return tune.randint(parameter.min, parameter.max + 1)
    assert isinstance(parameter, Range)
    low, high = parameter.bounds
    if parameter.q is not None:
        return tune.quniform(*parameter.ends, parameter.q)
    return (
        tune.uniform(low, high)
        if parameter.distribution == "uniform"
        else tune.loguniform(low, high)
    )
