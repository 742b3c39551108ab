"""Sweep of a user's own program: W&B's keys, with any parameters and any metric."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from tune_mc1.config.conditions import condition_problems
from tune_mc1.config.constraints import ProgramConstraintText
from tune_mc1.config.metrics import Goal
from tune_mc1.config.objective import Objective
from tune_mc1.config.parameters import Categorical, Constant, IntUniform, Parameter, SameAs
from tune_mc1.config.problems import Problem
from tune_mc1.config.space import Space
from tune_mc1.config.sweep import Sweep

TRAINING_ONLY = (
    *("data", "validation", "fuse", "limit_images", "scale", "reference"),
    *("import_from", "passes"),
)
"""Keys of a sweep file that only our own training has a use for."""

ENDLESS = "tune_mc1.running.search.endless:EndlessRandom"

SEED = "seed"
"""Parameter that `replicates` sets."""


class ProgramMetric(Objective):
    """The metric of a program: any name under which it logs a number.

    Attributes:
        name: Its name; empty if the sweep has none.
        goal: `minimize` unless the file says `maximize`, as in W&B.
    """

    name: str = ""
    goal: Goal = "minimize"

    @model_validator(mode="before")
    @classmethod
    def _sensible_goal(cls, data: Any) -> Any:
        return data

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        return name


class ProgramSweep(Sweep):
    """A validated sweep file whose trials are runs of a program.

    Parameters have any name and any values; only the program checks them. Those of W&B's nested
    groups have dotted names, and `paths` their places.

    Attributes:
        kind: What runs a trial, in messages.
        metrics: Further metrics that are optimised, each with its name and goal.
        constraints: Limits of metrics that it logs.
        unused: Fields that are no keys of such a file.
        program: Path of the program, from `directory`; None if `command` does not need it.
        command: How it is started, word by word with W&B's macros; None for W&B's own default.
        paths: Keys that lead to each parameter of a nested group, by its dotted name.
        directory: Working directory of the program, absolute.
        requirements: Packages that the program needs, as in a requirements file: Ray installs them
            on the nodes of a cluster.
    """

    kind: ClassVar[str] = "program"
    repeats: ClassVar[bool] = True
    unused: ClassVar[tuple[str, ...]] = TRAINING_ONLY

    metric: ProgramMetric = Field(default_factory=ProgramMetric)
    metrics: tuple[ProgramMetric, ...] = ()
    constraints: tuple[ProgramConstraintText, ...] = ()
    program: str | None = None
    command: tuple[str, ...] | None = None
    paths: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    directory: str = Field(min_length=1)
    requirements: tuple[str, ...] | None = None

    @field_validator("parameters")
    @classmethod
    def _fit_trial(cls, parameters: dict[str, Parameter]) -> dict[str, Parameter]:
        return parameters

    @model_validator(mode="after")
    def _metric_given(self) -> "ProgramSweep":
        if self.metric.name:
            return self
        if self.early_terminate is not None:
            raise ValueError("metric: is required by early_terminate, which compares trials by it")
        return self

    @model_validator(mode="after")
    def _replicates_have_seeds(self) -> "ProgramSweep":
        problem = seed_problem(self.parameters, self.replicates)
        if problem:
            raise ValueError(f"replicates: {problem}")
        return self

    @property
    def adapter(self) -> str | None:
        """As in `Sweep`."""
        endless = self.run_cap is None and self.search.needs_run_cap
        return self.search.adapter or (ENDLESS if endless else None)

    @property
    def space(self) -> Space:
        """As in `Sweep`: only conditions of the file's own."""
        return Space(self.parameters, of_training=False)

    def condition_problems(self) -> list[Problem]:
        """As in `Sweep`."""
        return condition_problems(self.parameters, {})

    @property
    def longest_epochs(self) -> int:
        """Maximum number of iterations: a program says by itself when it ends."""
        return 100_000

    def arguments(self, setting: Mapping[str, Any]) -> dict[str, Any]:
        """Values as the program gets them: nested groups are dicts.

        Args:
            setting: Values by name, dotted for those of groups, without those that do not apply.
        """
        found: dict[str, Any] = {}
        for name in self.parameters:
            if name not in setting:
                continue
            *groups, last = self.paths.get(name, (name,))
            place = found
            for group in groups:
                place = place.setdefault(group, {})
            place[last] = setting[name]
        return found

    def varies(self, name: str) -> bool:
        """True if trials differ in a parameter."""
        return not isinstance(self.parameters[name], Constant)

    def values_of(self, name: str) -> list[Any] | None:
        """All values that a parameter can have; None for a distribution of real numbers."""
        parameter = self.parameters[name]
        if isinstance(parameter, SameAs):
            return self.values_of(parameter.same_as)
        if isinstance(parameter, Constant):
            return [parameter.value]
        if isinstance(parameter, IntUniform):
            return [parameter.min, parameter.max]
        if isinstance(parameter, Categorical) or hasattr(parameter, "values"):
            return list(parameter.values)
        return None


def seed_problem(parameters: Mapping[str, Parameter], replicates: int) -> str | None:
    """Why a program cannot have so many replicates; None if it can."""
    seed = parameters.get(SEED)
    whole = isinstance(seed, Constant) and type(seed.value) is int
    if replicates == 1 or whole:
        return None
    return (
        f"must be 1 without a parameter {SEED} with one whole number as its value, of which each "
        f"replicate gets the next, got {replicates}"
    )
