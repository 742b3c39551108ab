"""Registry of the flags of `sweep` and `study` that change the sweep, including those of plugins.

The commands build their options from it (`tune_mc1.cli.sweep_options`) and pass on the values as
one `PlanFlags`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tune_mc1.config.budget import Budget, read_budget
from tune_mc1.config.field_types import Fuse, Trackers
from tune_mc1.config.load_program import training_only
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.parameters import Constant
from tune_mc1.config.problems import problems_of
from tune_mc1.config.program_sweep import TRAINING_ONLY, ProgramSweep, seed_problem
from tune_mc1.config.sampler import AnySampler
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.registry import Registry


def option(name: str) -> str:
    """Command-line option of a flag, such as `--run-cap` for `run_cap`."""
    return f"--{name.replace('_', '-')}"


@dataclass(frozen=True)
class SweepFlag:
    """A flag of the commands `sweep` and `study`.

    Attributes:
        help: Its line in `--help`.
        apply: Returns the sweep with the value set. A `ValueError` rejects the value; its message
            is the rule, such as `must be auto or off`. None leaves the sweep unchanged; the value
            is then only in `Plan.flags`, for the code that runs the plan.
        type: Type of the value: str, int, float, bool, Path, a Literal, or list[str] for an option
            that can be repeated.
        short: Short form such as `-n`.
        minimum: Minimum value of a number.
        maximum: Maximum value of a number.
        metavar: Placeholder for the value in `--help`.
    """

    help: str
    apply: Callable[[Sweep, Any], Sweep] | None = None
    type: Any = str
    short: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    metavar: str | None = None


FLAGS: Registry[SweepFlag] = Registry("flag")
"""Flags by name in snake case; `run_cap` is the option `--run-cap`."""


@dataclass(frozen=True)
class PlanFlags:
    """Flags of a command line that determine the sweep.

    Attributes:
        overrides: Items `name=value[,value...]` of `--set`, which replace parameters of the file.
        values: Values by name in `FLAGS`, without flags that were not given.
        arguments: Arguments of a script that starts its own sweep.
    """

    overrides: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    arguments: Sequence[str] = ()

    @classmethod
    def of(cls, overrides: Sequence[str] | None = (), **values: Any) -> "PlanFlags":
        """Builds the flags from a parser's values; None, False or empty means not given."""
        given = {k: v for k, v in values.items() if v is not None and v is not False and v != []}
        return cls(tuple(overrides or ()), given)

    @property
    def names(self) -> set[str]:
        """Names of the given flags and of the parameters that `--set` replaces."""
        return {item.partition("=")[0].strip() for item in self.overrides} | set(self.values)

    def with_defaults(self, **defaults: Any) -> "PlanFlags":
        """Returns the flags with defaults for those that were not given."""
        return replace(self, values={**PlanFlags.of(**defaults).values, **self.values})

    def apply(self, sweep: Sweep) -> Sweep:
        """Returns the sweep with the values of all flags set.

        Raises:
            InputError: If a flag rejects its value.
        """
        for name, value in self.values.items():
            apply = FLAGS[name].apply
            if apply is None:
                continue
            if isinstance(sweep, ProgramSweep) and name in TRAINING_ONLY:
                raise InputError(f"{option(name)}: {training_only(type(sweep))}")
            try:
                sweep = apply(sweep, value)
            except ValueError as error:
                got = "" if ", got " in str(error) else f", got {value!r}"
                raise InputError(f"{option(name)}: {error}{got}") from None
        return sweep


NO_FLAGS = PlanFlags()


def _field(name: str) -> Callable[[Sweep, Any], Sweep]:
    """Function that sets a field of the sweep."""
    return lambda sweep, value: sweep.model_copy(update={name: value})


def _replicates(sweep: Sweep, value: int) -> Sweep:
    if isinstance(sweep, ProgramSweep):
        problem = seed_problem(sweep.parameters, value)
        if problem:
            raise ValueError(problem)
        return sweep.model_copy(update={"replicates": value})
    if value > 1 and not isinstance(sweep.parameters.get("seed", Constant(value=0)), Constant):
        raise ValueError("must be 1 where parameters.seed varies")
    return sweep.model_copy(update={"replicates": value})


def _parsed(name: str, type_: Any) -> Callable[[Sweep, Any], Sweep]:
    """Function that sets a field of the sweep to a string parsed by the field's type."""

    def apply(sweep: Sweep, value: str) -> Sweep:
        try:
            parsed = TypeAdapter(type_).validate_python(value)
        except ValidationError as error:
            raise ValueError(problems_of(error)[0].rule) from None
        return sweep.model_copy(update={name: parsed})

    return apply


def _budget(sweep: Sweep, value: str) -> Sweep:
    content = read_budget(value, sweep.budget)
    try:
        budget = None if content is None else Budget.model_validate(content)
    except ValidationError as error:
        raise ValueError("; ".join(map(str, problems_of(error)))) from None
    return sweep.model_copy(update={"budget": budget})


def _of_module(sweep: Sweep, _: bool) -> Sweep:
    if not isinstance(sweep, ModuleSweep):
        raise ValueError("is for a file with a module")  # noqa: TRY004
    return sweep


def _data(sweep: Sweep, value: str) -> Sweep:
    """Replaces the word or path; how the files are read stays as the sweep file says."""
    given = sweep.data
    data = value if isinstance(given, str) else given.model_copy(update={"path": value})
    return sweep.model_copy(update={"data": data})


FLAGS.register(
    "data",
    SweepFlag(
        "cifar10, shapes10, auto, or a directory or file (on the cluster's nodes, with --address).",
        _data,
        short="-d",
    ),
)
FLAGS.register(
    "program",
    SweepFlag("Program to run once a trial, instead of the file's.", metavar="PATH"),
)
FLAGS.register(
    "run_cap",
    SweepFlag("Number of settings to try.", _field("run_cap"), int, short="-n", minimum=1),
)
FLAGS.register(
    "replicates",
    SweepFlag("Number of seeds per setting.", _replicates, int, minimum=1, maximum=1000),
)
FLAGS.register(
    "limit_images",
    SweepFlag(
        "Fraction of the images to use, such as 0.1.",
        _field("limit_images"),
        float,
        minimum=0.0001,
        maximum=1,
    ),
)
FLAGS.register(
    "fuse",
    SweepFlag(
        "Train trials as one model: auto, off, or the maximum number.", _parsed("fuse", Fuse)
    ),
)
FLAGS.register(
    "sampler",
    SweepFlag(
        "Sampler of bayes: tpe, gp, cmaes or nsgaii.",
        _parsed("sampler", AnySampler),
        metavar="NAME",
    ),
)
FLAGS.register(
    "budget",
    SweepFlag(
        "When the sweep ends: time=2h, epochs=500, cost=10,price=2.5 (an hour), min_gain=0.002.",
        _budget,
        metavar="NAME=VALUE[,NAME=VALUE...]",
    ),
)
FLAGS.register(
    "tracker",
    SweepFlag(
        "Experiment trackers, or none. Default: wandb.",
        _parsed("tracker", Trackers),
        metavar="NAME[,NAME...]",
    ),
)
FLAGS.register(
    "trust_checkpoint",
    SweepFlag(
        "Resume a module from checkpoints that hold more than data, whose loading runs their code.",
        _of_module,
        bool,
    ),
)
