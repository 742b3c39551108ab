"""The plan of a single trial: of `--set` alone, of a sweep file, or of an earlier sweep."""

from collections.abc import Sequence
from pathlib import Path

from tune_mc1.config.image_files import ImageFiles
from tune_mc1.config.load import sweep_of
from tune_mc1.config.parameters import Constant
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.outside_models import check_networks
from tune_mc1.planning.own_losses import check_losses
from tune_mc1.planning.past import read_past
from tune_mc1.planning.plan import Plan, checked_data, prepare
from tune_mc1.planning.search_space import plan_trials
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.written_sweep import written_sweep


def plan_one(
    source: Path | None,
    trial: str | None,
    overrides: Sequence[str],
    data: str | None,
    limit_images: float | None = None,
) -> Plan:
    """Plans one trial, as a sweep of its own that has its parameters as constants.

    Args:
        source: A sweep file or a result directory; None for a trial with the defaults.
        trial: Id of the trial of `source`; None if it has only one.
        overrides: Items `name=value`, which replace parameters.
        data: `--data`; None for that of `source`, or `auto`.
        limit_images: `--limit-images`; None for that of `source`.

    Raises:
        InputError: For a bad value, a bad source, or a trial that is not there.
    """
    if source is None and trial is not None:
        raise InputError("--trial: requires a sweep file or a result directory")
    given = sweep_of(overrides)
    sweep, notices, like = given.sweep, list(given.notices), Trial(id="t0001", config=TrialConfig())
    if source is not None:
        sweep, like, more = _of_source(source, trial)
        names = dict.fromkeys([*sweep.parameters, "seed"])
        constants = {name: Constant(value=like.values[name]) for name in names}
        sweep = sweep.model_copy(update={"parameters": constants | given.sweep.parameters})
        notices += more
    update = {"early_terminate": None, "replicates": 1, "run_cap": None, "method": "grid"}
    name = "train" if source is None else f"train-{like.id}"
    sweep = PlanFlags.of(limit_images=limit_images).apply(sweep)
    sweep = sweep.model_copy(update={**update, "name": name, "data": _data(sweep, data, source)})
    check_losses(sweep, lambda path: f"--set {path[0]}")
    sweep = check_networks(sweep, lambda path: f"--set {path[0]}")
    trials = plan_trials(sweep.model_copy(update={"validation": Holdout()}))
    if len(trials) != 1:
        raise InputError(f"--set: train runs one trial, got values for {len(trials)}; use sweep")
    only = trials[0].model_copy(update={"id": like.id, "fold": like.fold})
    return Plan("grid", sweep, [only], notices)


def plan_resumed(directory: Path, data: str | None = None) -> Plan:
    """The plan of a trial that `train` began and did not end, to go on from its last checkpoint.

    Args:
        directory: The result directory of `train`.
        data: Present location of the same images; None for that of the sweep.

    Raises:
        InputError: If it is none of `train`, or its trial has ended.
    """
    where = ResultDir(directory)
    past = read_past(where)
    trials = [one for one in past.trials if isinstance(one, Trial)]
    if len(past.trials) != 1 or not trials:
        rule = "must be a result directory of train, with one trial of built-in training"
        advice = "sweep --resume continues a sweep"
        raise InputError(f"--resume: {rule}, got {directory} with {len(past.trials)}; {advice}")
    state = past.tables.trials[trials[0].id]["state"]
    if not past.remaining(trials):
        raise InputError(
            f"--resume: must have a trial that has not ended, got {directory} whose "
            f"{trials[0].id} is {state}"
        )
    sweep = written_sweep(where)
    sweep = sweep.model_copy(update={"data": _data(sweep, data, directory)})
    sweep = check_networks(sweep, lambda path: f"{where.sweep_file}: parameters.{path[0]}")
    return Plan("grid", sweep, trials, directory=where.root, past=past)


def _of_source(source: Path, name: str | None) -> tuple[Sweep, Trial, list[str]]:
    """The sweep of a file or directory, one of its trials, and notices."""
    notices: list[str] = []
    if source.is_dir():
        where = ResultDir(source)
        past, sweep = read_past(where), written_sweep(where)
        trials = past.trials
    else:
        plan = prepare(None, source)
        trials, sweep, notices = list(plan.trials), plan.sweep, plan.notices
        if sweep.adapter is not None:
            rule = f"{sweep.method} suggests trials as it runs; name a result directory"
            raise InputError(f"{source}: {rule}")
    own = [one for one in trials if isinstance(one, Trial)]
    if not own:
        raise InputError(f"{source}: must have trials of built-in training for `train`")
    return sweep, _chosen(own, name, source), notices


def _chosen(trials: Sequence[Trial], name: str | None, source: Path) -> Trial:
    if name is None and len(trials) == 1:
        return trials[0]
    if (found := {one.id: one for one in trials}.get(name or "")) is None:
        span = f"{trials[0].id} to {trials[-1].id}"
        rule = f"must be a trial of {source} ({span})"
        raise InputError(f"--trial: {rule}, got {name}" if name else f"--trial: {rule}")
    return found


def _data(sweep: Sweep, data: str | None, source: Path | None) -> str | ImageFiles:
    if data is not None or source is None:
        return checked_data("auto" if data is None else data, "--data")
    return checked_data(sweep.data, f"{source}: data")
