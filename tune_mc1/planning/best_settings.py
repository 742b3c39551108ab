"""The best settings of earlier sweeps as a sweep of their own, with new seeds: `--best`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tune_mc1.config.candidates import Candidates
from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.parameters import Categorical, Constant, Parameter, distinct
from tune_mc1.config.program_sweep import SEED
from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, trial_fields
from tune_mc1.errors import InputError
from tune_mc1.planning.earlier import Earlier
from tune_mc1.results.ranking import rank_key
from tune_mc1.results.settings import Setting, settings_of


def best_text(
    earlier: Sequence[Earlier], count: int, file: Path | None
) -> tuple[Path, str, list[str]]:
    """The sweep of the best settings of earlier sweeps.

    Its seeds follow the highest that any trial of these settings had, so that the settings are
    compared by runs that did not choose them.

    Args:
        earlier: The earlier sweeps.
        count: Number of settings, at least 1.
        file: A sweep file whose values replace those of the settings; None for the first of the
            earlier sweeps.

    Returns:
        The file that it is based on, the sweep as YAML, and notices of settings whose trials all
        diverged or failed.

    Raises:
        InputError: If there are not that many settings with a score, or the file has a parameter
            without one value.
    """
    if len({(one.past.tables.metric, one.past.tables.maximize) for one in earlier}) > 1:
        raise InputError("--best: requires --from sweeps with one metric")
    source = file or earlier[0].where.sweep_file
    base = load_sweep(source).sweep if file else earlier[0].sweep
    given = _given(base, source) if file else {}
    best = _best(earlier, count)
    trials = [(one.trials[setting.rows[0]["trial"]], one) for setting, one in best]
    settings = [{**_values(trial, one), **given} for trial, one in trials]
    seeds = [seed for trial, one in trials if (seed := _highest_seed(trial, one)) is not None]
    parameters = _parameters(settings, earlier)
    if SEED not in given and seeds:
        parameters[SEED] = Constant(value=max(seeds) + 1)
    varied = [name for name, parameter in parameters.items() if isinstance(parameter, Categorical)]
    sweep = base.model_copy(
        update={
            "method": "grid",
            "parameters": parameters,
            "candidates": _candidates(settings, varied),
            "early_terminate": None,
            "run_cap": None,
            "replicates": 1 if file is None else base.replicates,
            "name": f"{base.name or source.stem}-best",
        }
    )
    return source, config_to_yaml(sweep), _notices(best, trials)


def _parameters(
    settings: Sequence[Mapping[str, Any]], earlier: Sequence[Earlier]
) -> dict[str, Parameter]:
    """Parameters with the values of some settings, under the conditions of the earlier sweeps."""
    names = list(dict.fromkeys(name for setting in settings for name in setting))
    conditions = _conditions(earlier)
    return {
        name: _parameter([s[name] for s in settings if name in s], conditions.get(name))
        for name in names
    }


def _notices(
    best: Sequence[tuple[Setting, Earlier]], trials: Sequence[tuple[AnyTrial, Earlier]]
) -> list[str]:
    """Notices of settings whose trials all broke, and of trials that exchanged settings."""
    said = [
        f"--best: {one.place}: the setting of {setting.rows[0]['trial']}: {setting.losses}"
        for setting, one in best
        if setting.broken
    ]
    said += [
        f"--best: {one.place}: {trial.id} exchanged settings as it ran; the last ones run again"
        for trial, one in trials
        if not one.had_one_setting(trial.id)
    ]
    return said


def _given(base: Sweep, source: Path) -> dict[str, Any]:
    """The values that a sweep file fixes."""
    found = {}
    for name, parameter in base.parameters.items():
        if not isinstance(parameter, Constant):
            rule = (
                "must have one value with --best, which chooses the others; without a file, "
                "settings run as they were"
            )
            raise InputError(f"{source}: parameters.{name}: {rule}")
        found[name] = parameter.value
    return found


def _best(earlier: Sequence[Earlier], count: int) -> list[tuple[Setting, Earlier]]:
    """The best settings of all sweeps, each with the sweep in which it was best."""
    maximize = earlier[0].past.tables.maximize

    def key(found: tuple[Setting, Earlier]) -> tuple[int, float]:
        setting, _ = found
        return rank_key(setting.score.mean, broken=setting.broken, maximize=maximize)

    scored = [
        (setting, one)
        for one in earlier
        for setting in settings_of(one.past.tables)
        if setting.score.mean is not None
    ]
    each: dict[str, tuple[Setting, Earlier]] = {}
    for setting, one in sorted(scored, key=key):
        each.setdefault(one.trials[setting.rows[0]["trial"]].config_hash, (setting, one))
    best = list(each.values())
    if len(best) < count:
        rule = f"must be at most {len(best)}, the settings with a score"
        raise InputError(f"--best: {rule}, got {count}")
    return best[:count]


def _values(trial: AnyTrial, earlier: Earlier) -> dict[str, Any]:
    """The values of the parameters that a trial has, as they are."""
    if isinstance(trial, ProgramTrial):
        return dict(trial.values)
    names = [name for name in earlier.sweep.parameters if name not in trial.config.inactive]
    return {name: _value(trial, name) for name in names}


def _value(trial: Trial, name: str) -> Any:
    if name in trial_fields():
        return getattr(trial.config, name)
    return trial.config.arguments.get(name)


def _highest_seed(trial: AnyTrial, earlier: Earlier) -> int | None:
    """The highest seed with which a setting was run; None if it has none."""
    seeds = [
        seed
        for other in earlier.trials.values()
        if other.config_hash == trial.config_hash and type(seed := _seed(other)) is int
    ]
    return max(seeds, default=None)


def _seed(trial: AnyTrial) -> Any:
    return trial.values.get(SEED) if isinstance(trial, ProgramTrial) else trial.config.seed


def _candidates(settings: Sequence[Mapping[str, Any]], varied: Sequence[str]) -> Candidates:
    """The combinations of the grid; empty if there is one alone."""
    each = [{name: s[name] for name in varied if name in s} for s in settings]
    return tuple(each) if varied else ()


def _conditions(earlier: Sequence[Earlier]) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Conditions of the parameters of the earlier sweeps."""
    return {
        name: parameter.when
        for one in reversed(earlier)
        for name, parameter in one.sweep.parameters.items()
        if parameter.when
    }


def _parameter(values: Sequence[Any], when: dict[str, tuple[Any, ...]] | None) -> Parameter:
    """One value, or several that are listed, with the condition of the parameter."""
    each = distinct(values)
    if len(each) == 1:
        return Constant(value=each[0], when=when)
    return Categorical(values=tuple(each), when=when)
