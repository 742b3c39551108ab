"""From a command and a sweep file to a plan, with every check that needs neither torch nor Ray."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from tune_mc1.config.load import load_sweep
from tune_mc1.config.method import resolve_method
from tune_mc1.config.parameters import Constant
from tune_mc1.config.problems import problems_of
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.types import Fuse
from tune_mc1.data.source import check_data_form, check_data_spec
from tune_mc1.errors import InputError
from tune_mc1.forecast import trial_seconds
from tune_mc1.fusion import Groups, group_seconds, makespan, plan_groups
from tune_mc1.resources import Capacity, Node, TrialResources, choose_resources, slots
from tune_mc1.rungs import survivors
from tune_mc1.search_space import plan_trials
from tune_mc1.storage import utf8

if TYPE_CHECKING:
    from tune_mc1.past import Past

Command = Literal["grid", "random", "asha", "bayes"]
SEED = Constant(value=0)


@dataclass(frozen=True)
class Plan:
    """A sweep that is ready to start.

    Attributes:
        command: The search that the user asked for.
        sweep: The validated sweep, its method resolved.
        trials: Its trials in order; for `bayes`, which makes them as it goes, those made so far.
        notices: What the user should know.
        directory: The result directory of a sweep that goes on; None for a new one.
        past: What a sweep that goes on did before.
    """

    command: Command
    sweep: Sweep
    trials: list[Trial]
    notices: list[str] = field(default_factory=list)
    directory: Path | None = None
    past: "Past | None" = None

    @property
    def total(self) -> int:
        """Number of trials."""
        return (self.sweep.run_cap or 0) if self.sweep.method == "bayes" else len(self.trials)


@dataclass(frozen=True)
class Place:
    """Where a sweep would run.

    Attributes:
        each: What a trial, or a group of trials, gets.
        at_once: How many run at once.
        gpu: Whether groups are those of GPUs.
    """

    each: TrialResources
    at_once: int
    gpu: bool = False


def shipped_file(command: Command) -> Path:
    """The sweep file that runs where the user names none: `configs/<command>.yaml`.

    Raises:
        InputError: If none is shipped for the command.
    """
    checkout = Path(__file__).parent.parent / "configs" / f"{command}.yaml"
    packaged = Path(str(files("tune_mc1"))) / "_configs" / f"{command}.yaml"
    for path in (checkout, packaged):
        if path.exists():
            return path
    raise InputError(f"sweep {command}: name a sweep file; none is shipped for {command}")


def prepare(
    command: Command | None,
    file: Path | None,
    *,
    overrides: Sequence[str] = (),
    run_cap: int | None = None,
    data: str | None = None,
    fuse: str | None = None,
    replicates: int | None = None,
    limit_images: float | None = None,
    change: Callable[[Sweep], Sweep] = lambda sweep: sweep,
    elsewhere: bool = False,
) -> Plan:
    """Reads and checks everything that can be checked before anything starts.

    Args:
        command: The search that the user asks for; None takes the file's `method`.
        file: A sweep file, or None for the shipped one of the command.
        overrides: Items `name=value[,value...]` that replace parameters of the file.
        run_cap: Number of settings, instead of the file's.
        data: Data set, instead of the file's.
        fuse: How many trials are trained as one model, instead of the file's.
        replicates: Seeds of each setting, instead of the file's.
        limit_images: Part of the images that is used, instead of the file's.
        change: What else becomes of the sweep.
        elsewhere: Whether it is to run on another machine, whose files cannot be looked at here.

    Raises:
        InputError: With all mistakes.
    """
    path = file or shipped_file(command or "grid")
    loaded = load_sweep(path, overrides=overrides)
    flags = {
        "fuse": None if fuse is None else checked_fuse(fuse),
        "replicates": replicates,
        "limit_images": limit_images,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    flagged = change(loaded.sweep.model_copy(update=given))
    if flagged.replicates > 1 and not isinstance(flagged.parameters.get("seed", SEED), Constant):
        rule = "must be 1 where parameters.seed varies"
        raise InputError(f"--replicates: {rule}, got {flagged.replicates}")
    word = command or flagged.method or "grid"
    sweep, notices = resolve_method(flagged, word, run_cap, source=str(path))
    source = checked_data(
        sweep.data if data is None else data,
        f"{path}: data" if data is None else "--data",
        elsewhere=elsewhere,
    )
    sweep = sweep.model_copy(update={"data": source, "name": sweep.name or utf8(path.stem)})
    trials = [] if sweep.method == "bayes" else plan_trials(sweep, source=str(path))
    return Plan(word, sweep, trials, [*loaded.notices, *notices])


def checked_data(data: str, field: str, *, elsewhere: bool = False) -> str:
    """The name of a data set, or its path, if it can be used as far as can be told cheaply.

    Args:
        data: What the user wrote.
        field: Where, for the message.
        elsewhere: Whether it is to be read on another machine.

    Raises:
        InputError: If it cannot be used.
    """
    problem = check_data_form(data) if elsewhere else check_data_spec(data)
    if problem:
        raise InputError(f"{field}: {problem}")
    return data


def checked_fuse(text: str) -> Literal["auto", "off"] | int:
    """The value of `--fuse`.

    Raises:
        InputError: If it is none.
    """
    try:
        return TypeAdapter(Fuse).validate_python(text)
    except ValidationError as error:
        raise InputError(f"--fuse: {problems_of(error)[0].rule}, got {text!r}") from None


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
    groups = plan_groups(plan.trials, plan.sweep.fuse, at_once, _seconds(plan), gpu=place.gpu)
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
    return Place(each, slots(each, machine))


def rung_table(plan: Plan) -> list[dict[str, int]]:
    """Rungs of each bracket, with how many trials reach them if one in eta goes on at each."""
    early = plan.sweep.early_terminate
    if early is None:
        return []
    rows = []
    longest = plan.sweep.longest_epochs
    for bracket in range(early.brackets):
        rungs = early.rung_epochs(longest, bracket)
        counts = survivors(plan.total // early.brackets, rungs, early.eta)
        rows += [
            {"bracket": bracket, "epoch": epoch, "trials": count}
            for epoch, count in zip((*rungs, longest), counts, strict=True)
        ]
    return rows


def _seconds(plan: Plan) -> Callable[[TrialConfig], float]:
    """Seconds of a trial, for the usual number of CIFAR-10 images on a core like that measured."""
    usual = {"shapes10": 8_000}.get(plan.sweep.data, 45_000)
    images = round(usual * plan.sweep.limit_images)
    return lambda config: trial_seconds(config, images, (3, 32, 32), 10)


def _forecast(plan: Plan, groups: Groups, epochs: int, place: Place) -> float:
    each = _seconds(plan)
    times = (group_seconds(group, each, gpu=place.gpu) for group in groups)
    seconds = makespan(times, place.at_once)
    table = rung_table(plan)
    share = 1.0
    if table and epochs:
        share = min(1.0, _asha_epochs(table) / epochs)
    return seconds * share


def _asha_epochs(table: Sequence[Mapping[str, int]]) -> int:
    """Epochs that the trials of a rung table run in total."""
    total = 0
    before: dict[int, int] = {}
    for row in table:
        total += row["trials"] * (row["epoch"] - before.get(row["bracket"], 0))
        before[row["bracket"]] = row["epoch"]
    return total
