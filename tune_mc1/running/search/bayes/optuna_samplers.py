"""Optuna's samplers as a function: from observations to the next setting.

Each suggestion is made by a new sampler in a new study, which sees the observations as its trials.
So it depends on them and on a seed alone, and values may change as trials go on, which Optuna's
own storages do not allow.
"""

import logging
import warnings
from collections.abc import Container, Mapping, Sequence
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from tune_mc1.config.sampler import Sampler
from tune_mc1.running.search.bayes.history import Observation, Use

STATES = {
    Use.SCORED: TrialState.COMPLETE,
    Use.STOPPED: TrialState.PRUNED,
    Use.PENDING: TrialState.RUNNING,
}

optuna.logging.set_verbosity(logging.WARNING)  # it would log each study


class _Known(InMemoryStorage):
    """A study that begins with known trials; only the next one is stored.

    Args:
        trials: The trials, numbered from 1.
    """

    def __init__(self, trials: Sequence[FrozenTrial]) -> None:
        super().__init__()
        self._known = trials

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The known trials, which nobody changes, and the next one."""
        known = [trial for trial in self._known if states is None or trial.state in states]
        return known + super().get_all_trials(study_id, deepcopy, states)


def suggest(
    trials: Sequence[FrozenTrial],
    space: dict[str, BaseDistribution],
    directions: Sequence[Literal["maximize", "minimize"]],
    sampler: BaseSampler,
) -> tuple[dict[str, int | float], Mapping[str, Any]]:
    """Suggests a setting.

    Args:
        trials: What is known, numbered from 1.
        space: Distribution of each parameter.
        directions: `maximize` or `minimize` for each objective.
        sampler: A new sampler.

    Returns:
        Codes by parameter, and what the sampler noted of the trial.
    """
    storage = _Known(trials)
    study = optuna.create_study(storage=storage, directions=directions, sampler=sampler)
    codes = study.ask(space).params
    return codes, InMemoryStorage.get_all_trials(storage, 0, deepcopy=False)[0].system_attrs


def make_sampler(
    options: Sampler, seed: int, *, conditional: bool, multivariate: bool = True
) -> BaseSampler:
    """A new sampler.

    Args:
        options: The sweep's `sampler`.
        seed: Seed of its random numbers.
        conditional: Whether some parameters only apply to some trials.
        multivariate: Whether `tpe` models parameters together.
    """
    seed %= 2**32
    if options.type == "gp":
        return GPSampler(seed=seed, n_startup_trials=1, warn_independent_sampling=False)
    if options.type == "cmaes":
        size = options.population_size
        return CmaEsSampler(seed=seed, popsize=size, warn_independent_sampling=False)
    if options.type == "nsgaii":
        return NSGAIISampler(seed=seed, population_size=options.population_size or 50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of `group`
        return TPESampler(
            seed=seed,
            n_startup_trials=1,
            multivariate=multivariate,
            group=conditional and multivariate,
            constant_liar=True,
        )


def frozen(
    number: int, observation: Observation, space: Mapping[str, BaseDistribution]
) -> FrozenTrial:
    """An observation as one of Optuna's trials.

    Args:
        number: Its number, from 1.
        observation: The observation.
        space: Distribution of each parameter.
    """
    seen = observation.seen
    notes = dict(seen.notes)
    if seen.violations and observation.use is not Use.PENDING:
        made = create_trial(state=TrialState.FAIL, constraints=dict(seen.violations))
        notes |= made.system_attrs
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=STATES[observation.use],
        value=None,
        values=observation.values or None,
        datetime_start=None,
        datetime_complete=None,
        params=dict(seen.codes),
        distributions={name: space[name] for name in seen.codes},
        user_attrs={},
        system_attrs=notes,
        intermediate_values={observation.epoch: observation.value} if observation.epoch else {},
    )
