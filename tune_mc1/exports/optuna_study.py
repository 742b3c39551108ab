"""Results as a study of Optuna in a journal file, which `optuna-dashboard` opens."""

import math
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tune_mc1.config.constraints import read_constraint
from tune_mc1.errors import InputError
from tune_mc1.results.columns_of_programs import metric_column
from tune_mc1.results.pareto import goals_of
from tune_mc1.tracking.trial_runs import Source

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from tune_mc1.results.schema import Row

STATES = {
    "completed": "COMPLETE",
    "stopped": "PRUNED",
    "pending": "WAITING",
    "running": "RUNNING",
    "paused": "RUNNING",
}
"""Optuna's state of a trial; `FAIL` for all others, as for one whose loss was not finite."""


def write(source: Source, output: str) -> None:
    """Writes a study named as the result directory; one of that name is replaced.

    Raises:
        InputError: If Optuna is not installed, the sweep has no metric, or the file is another's.
    """
    if not source.tables.metric:
        raise InputError("to: optuna needs a metric, which the sweep does not have")
    try:
        import optuna
    except ImportError:
        raise InputError("to: optuna is not installed: pip install 'tune_mc1[bayes]'") from None
    from tune_mc1.exports.optuna_space import values_and_space

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = _study(output, source.name, [up for _, up in _goals(source)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is experimental
        study.set_metric_names([name for name, _ in _goals(source)])
    for key, value in _facts(source).items():
        study.set_user_attr(key, value)
    values, space = values_and_space(source)
    study.add_trials(_trial(source, t, values[t], space) for t in source.tables.trials)


def _study(output: str, name: str, maximize: list[bool]) -> "optuna.Study":
    import optuna
    from optuna.storages.journal import JournalFileBackend
    from optuna.study import StudyDirection

    goals = [StudyDirection.MAXIMIZE if up else StudyDirection.MINIMIZE for up in maximize]

    try:
        storage = optuna.storages.JournalStorage(JournalFileBackend(output))
        if name in optuna.study.get_all_study_names(storage):
            optuna.delete_study(study_name=name, storage=storage)
        return optuna.create_study(storage=storage, study_name=name, directions=goals)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise InputError(f"-o: must be a journal of Optuna or a new file, got {output!r}") from None


def _goals(source: Source) -> list[tuple[str, bool]]:
    """Names of the objectives, and whether higher is better."""
    tables = source.tables
    several = [(goal.name, goal.maximize) for goal in goals_of(tables)]
    return several or [(tables.metric, tables.maximize)]


def _facts(source: Source) -> dict[str, Any]:
    """User attributes of the study: what is the same for all trials."""
    from tune_mc1.config.parameters import Constant

    sweep, metadata = source.sweep, source.tables.metadata
    fixed = {n: p.value for n, p in sweep.parameters.items() if isinstance(p, Constant)}
    facts = {"fixed": fixed, "method": sweep.method, "description": sweep.description}
    facts |= {name: metadata.get(name) for name in ("data", "program", "module")}
    return {name: value for name, value in facts.items() if value}


def _trial(
    source: Source,
    trial: str,
    values: Mapping[str, Any],
    space: "Mapping[str, BaseDistribution]",
) -> "FrozenTrial":
    from optuna.trial import TrialState, create_trial

    row = source.row(trial)
    scores, state = _scores(source, row), TrialState[STATES.get(row["state"], "FAIL")]
    if state == TrialState.COMPLETE and scores is None:
        state = TrialState.FAIL  # it has no value of the metric
    numbers = {**source.summary(trial), **source.last(trial)}
    made = create_trial(
        state=state,
        values=scores if state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
        params=dict(values),
        distributions={name: space[name] for name in values},
        user_attrs={"trial": trial, **source.facts(trial), **numbers},
        intermediate_values=_curve(source, trial),
        constraints=_violations(source, row) if state.is_finished() else None,
    )
    started = row["started"] or row["ended"]
    if state != TrialState.WAITING and started:
        made.datetime_start = datetime.fromtimestamp(started)
    if state.is_finished() and (ended := row["ended"] or started):
        made.datetime_complete = datetime.fromtimestamp(ended)
    return made


def _scores(source: Source, row: "Row") -> list[float] | None:
    """Values of the objectives, as the sweep ranks trials by them; None if one is missing."""
    goals = goals_of(source.tables)
    found = [row.get(goal.column) for goal in goals] if goals else [source.tables.score(row)]
    known = [value for value in found if value is not None and math.isfinite(value)]
    return known if len(known) == len(found) else None


def _curve(source: Source, trial: str) -> dict[int, float]:
    """Values of the metric by epoch."""
    name, last = source.tables.metric, source.row(trial)["epochs_run"]
    rows = {epoch: source.scalars(trial, epoch) for epoch in range(1, last + 1)}
    return {epoch: values[name] for epoch, values in rows.items() if name in values}


def _violations(source: Source, row: "Row") -> dict[str, float]:
    """By how much a trial violates each constraint; at most 0 if it keeps it."""
    limits = [read_constraint(text) for text in source.tables.metadata.get("constraints", ())]
    own = source.tables.of_program
    return {
        str(limit): limit.violation(
            row.get(f"last_{metric_column(limit.name) if own else limit.name}")
        )
        for limit in limits
    }
