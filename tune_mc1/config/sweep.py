"""Typed sweep: W&B's keys and additional ones, all optional."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from tune_mc1.config.budget import Budget
from tune_mc1.config.candidates import Candidates
from tune_mc1.config.chosen_metrics import chosen_columns
from tune_mc1.config.commands import Method
from tune_mc1.config.conditions import training_problems
from tune_mc1.config.constraints import Constraint, ConstraintText, read_constraint
from tune_mc1.config.early_terminate import AnyEarlyTerminate
from tune_mc1.config.field_types import Float, Fuse, Int, Trackers
from tune_mc1.config.image_files import Data
from tune_mc1.config.keep_checkpoints import KeepCheckpoints
from tune_mc1.config.objective import Objective
from tune_mc1.config.objectives import FurtherMetric, objectives_of, with_first
from tune_mc1.config.parameters import Constant, Parameter, largest, listed_values
from tune_mc1.config.problems import Problem
from tune_mc1.config.reference import Reference
from tune_mc1.config.resources import Resources
from tune_mc1.config.sampler import AnySampler
from tune_mc1.config.search import SEARCHES, Search
from tune_mc1.config.space import Space
from tune_mc1.config.sweep_parameters import fitting_parameters
from tune_mc1.config.trial import TrialConfig, trial_fields
from tune_mc1.config.validation import Holdout, Validation

_FIXED = Constant(value=0)


class Sweep(BaseModel):
    """A validated sweep file. W&B documents the first nine keys; the others are ours.

    Attributes:
        repeats: Whether trials with equal parameters, and so equal seeds, may differ.
        method: Name of the search; None until the command sets it.
        metric: The metric to optimise.
        parameters: Parameters of a trial that are not left at their defaults.
        early_terminate: Rule for stopping trials early; None runs all trials to their end.
        run_cap: Number of settings to try, not counting replicates and folds.
        name: Name of the sweep, used in the name of its result directory.
        description: Free text.
        project: Project in W&B.
        entity: Team or user in W&B.
        data: `auto`, the name of a data set, or a path, alone or with how its files are read.
        validation: Choice of the images that score the trials; if it is not given, those of the
            data set where it has some (`with_images`).
        replicates: Trials per setting, with seeds `seed`, `seed + 1`, ...
        resources: Resources of each trial or group of fused trials; None chooses them to suit the
            machine.
        fuse: Training of compatible trials as one model: `auto` (where it is faster), `off`, or the
            maximum size of a group.
        storage: Where to write results: a directory or the URL of an object store. None is
            `results/`.
        max_failures: Number of retries, from the last checkpoint, of a trial that raises an error
            or whose process is lost.
        trial_timeout: Seconds without a report after which a trial is considered hung, killed and
            retried; None waits indefinitely. Must exceed the slowest trial's time per epoch. A new
            process has two more minutes for its first report.
        search_seed: Seed for the settings that a random or Bayesian search draws.
        limit_images: Fraction of the training and test images of each class to use, in (0, 1].
        scale: Fraction of a study's work left by `study --scale`, for reports; 1 is all.
        reference: Published results of a study, for reports.
        tracker: Names of experiment trackers; None is the default, W&B, and empty means none.
        import_from: Directories in which the modules of the user's own networks are found,
            absolute.
        passes: Trial parameters that the constructor of each network from outside gets, by the
            network's name.
        metrics: Further metrics to record, as named in `metric`; those with a goal are optimised
            too.
        constraints: Limits that settings have to keep, such as `param_count <= 1e6`.
        sampler: Sampler of a Bayesian search; None for its default.
        keep_checkpoints: Whose checkpoints stay; None is `all`.
        budget: Limits of time, epochs or cost at which it ends; None for no limit.
        candidates: The combinations of which a grid consists; empty for all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    repeats: ClassVar[bool] = False

    method: Method | None = None
    metric: Objective = Field(default_factory=Objective)
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    early_terminate: AnyEarlyTerminate | None = None
    run_cap: Int | None = Field(default=None, ge=1, le=100_000)
    name: str | None = None
    description: str | None = None
    project: str | None = None
    entity: str | None = None
    data: Data = "auto"
    validation: Validation = Holdout()
    replicates: Int = Field(default=1, ge=1, le=1000)
    resources: Resources | None = None
    fuse: Fuse = "auto"
    storage: str | None = Field(default=None, min_length=1)
    max_failures: Int = Field(default=2, ge=0, le=1000)
    trial_timeout: Float | None = Field(default=None, gt=0, le=1e7)
    search_seed: Int = Field(default=0, ge=0, lt=2**63)
    limit_images: Float = Field(default=1.0, gt=0, le=1)
    scale: Float = Field(default=1.0, gt=0, le=1)
    reference: Reference | None = None
    tracker: Trackers | None = None
    import_from: tuple[str, ...] = ()
    passes: dict[str, tuple[str, ...]] = Field(default={})
    metrics: tuple[FurtherMetric, ...] = ()
    sampler: AnySampler | None = None
    constraints: tuple[ConstraintText, ...] = ()
    keep_checkpoints: KeepCheckpoints | None = None
    candidates: Candidates = ()
    budget: Budget | None = None

    @model_serializer(mode="wrap")
    def _without_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out what only some sweeps have."""
        dumped: dict[str, Any] = dump(self)
        for name in ("import_from", "passes", "metrics", "constraints", "candidates"):
            if not dumped.get(name):
                dumped.pop(name, None)
        return dumped

    @field_validator("parameters")
    @classmethod
    def _fit_trial(cls, parameters: dict[str, Parameter]) -> dict[str, Parameter]:
        return fitting_parameters(parameters)

    @model_validator(mode="before")
    @classmethod
    def _first_objective(cls, data: Any) -> Any:
        return with_first(data, cls.model_fields["metric"].annotation)

    @model_validator(mode="after")
    def _one_goal_each(self) -> Self:
        objectives_of(self.metric, self.metrics)
        return self

    @model_validator(mode="after")
    def _conditions_hold(self) -> Self:
        problems = self.condition_problems()
        if problems:
            raise ValueError("; ".join(map(str, problems)))
        return self

    def condition_problems(self) -> list[Problem]:
        """What is wrong with conditions and ties of parameters."""
        return training_problems(self.parameters)

    @model_validator(mode="after")
    def _seeds_differ(self) -> Self:
        if self.replicates > 1 and not isinstance(self.parameters.get("seed", _FIXED), Constant):
            raise ValueError(
                f"replicates: must be 1 where parameters.seed varies, got {self.replicates}"
            )
        return self

    def with_images(self, has_val: bool) -> "Sweep":
        """The sweep with the choice of validation images settled.

        Args:
            has_val: Whether the data set has validation images.
        """
        if not has_val or "validation" in self.model_fields_set:
            return self
        return self.model_copy(update={"validation": "val"})

    @property
    def chosen_metrics(self) -> tuple[str, ...]:
        """Metrics that are recorded beside those of every sweep, each once."""
        known = chosen_columns()
        names = [self.metric.name, *(m if isinstance(m, str) else m.name for m in self.metrics)]
        names += [limit.name for limit in self.limits]
        return tuple(dict.fromkeys(name for name in names if name in known))

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The metrics that it optimises, `metric` first."""
        return objectives_of(self.metric, self.metrics)

    @property
    def limits(self) -> tuple[Constraint, ...]:
        """Its constraints, parsed."""
        return tuple(map(read_constraint, self.constraints))

    @property
    def models(self) -> list[str]:
        """Networks of its trials."""
        return list(listed_values(self.parameters.get("model"))) or [TrialConfig().model]

    @property
    def space(self) -> Space:
        """Which parameters a trial has; built anew at each call."""
        return Space(self.parameters, of_training=True)

    @property
    def argument_names(self) -> list[str]:
        """Parameters of a network's own."""
        return [name for name in self.parameters if name not in trial_fields()]

    def config(self, setting: Mapping[str, Any]) -> TrialConfig:
        """The parameters of a trial.

        Args:
            setting: Values of the sweep's parameters by name, without those that do not apply.

        Raises:
            ValidationError: If they are not compatible.
        """
        own = self.argument_names
        values = {name: value for name, value in setting.items() if name not in own}
        inactive = tuple(name for name in self.parameters if name not in setting)
        passed = self.passes.get(str(setting.get("model")), ())
        passes = tuple(name for name in passed if name not in inactive)
        arguments = {name: setting[name] for name in own if name in setting}
        return TrialConfig(**values, arguments=arguments, passes=passes, inactive=inactive)

    @property
    def search(self) -> Search:
        """The search algorithm; `random` if no method is given."""
        return SEARCHES[self.method or "random"]

    @property
    def adapter(self) -> str | None:
        """Path of the `AskTell` that suggests settings as the sweep runs; None if all are planned.

        A program's random search without `run_cap` is one: it goes on until it is ended.
        """
        return self.search.adapter

    @property
    def early_problem(self) -> Problem | None:
        """The reason why `early_terminate` could never stop a trial; None if it could."""
        early = self.early_terminate
        return None if early is None else early.problem(self.longest_epochs)

    @property
    def longest_epochs(self) -> int:
        """Maximum number of epochs of any trial."""
        parameter = self.parameters.get("epochs")
        return int(TrialConfig().epochs) if parameter is None else largest(parameter)
