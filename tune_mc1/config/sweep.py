"""A whole sweep, typed: W&B's keys and a few of our own, each optional."""

import math
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tune_mc1.config.distributions import Range
from tune_mc1.config.early_terminate import AnyEarlyTerminate
from tune_mc1.config.field_types import Float, Fuse, Int, Trackers
from tune_mc1.config.fields import check_parameter
from tune_mc1.config.metrics import Goal, epoch_metrics, goal_of
from tune_mc1.config.parameters import Categorical, Constant, IntUniform, Parameter
from tune_mc1.config.problems import Problem, unknown_key
from tune_mc1.config.reference import Reference
from tune_mc1.config.search import SEARCHES, Method, Search
from tune_mc1.config.trial import TrialConfig, trial_fields
from tune_mc1.config.validation import Holdout, Validation
from tune_mc1.errors import did_you_mean

_FIXED = Constant(value=0)


class Objective(BaseModel):
    """The metric that a sweep optimises.

    Attributes:
        name: One of `epoch_metrics()`. The suffix `_epoch` (Lightning's and W&B's) is taken off.
        goal: `maximize` or `minimize`. If left out it is the metric's own: to maximise accuracies
            and F1, to minimise losses. W&B's default is to minimise anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = "val_acc"
    goal: Goal = "maximize"

    @property
    def maximize(self) -> bool:
        """Whether a higher value is better."""
        return self.goal == "maximize"

    @model_validator(mode="before")
    @classmethod
    def _sensible_goal(cls, data: Any) -> Any:
        if isinstance(data, dict) and "goal" not in data:
            return {**data, "goal": goal_of(str(data.get("name", "")).removesuffix("_epoch"))}
        return data

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        short = name.removesuffix("_epoch")
        if short not in (known := epoch_metrics()):
            raise ValueError(f"must be one of {', '.join(known)}{did_you_mean(short, known)}")
        return short


class Resources(BaseModel):
    """What Ray reserves for one trial.

    Attributes:
        cpu: CPU cores, above 0; may be a fraction.
        gpu: Part of a GPU in [0, 1]; a trial never uses more than one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    cpu: Float = Field(default=1.0, gt=0, le=1024)
    gpu: Float = Field(default=0.0, ge=0, le=1)


class Sweep(BaseModel):
    """A sweep file, validated. W&B documents the first ten keys; the others are ours.

    Attributes:
        method: How settings are chosen; None until the command says.
        metric: What is optimised.
        parameters: Each parameter of a trial that is not left at its default.
        early_terminate: When trials stop early; None lets all run to their end.
        run_cap: Number of settings that are tried; replicates and folds do not count.
        name: What results are filed under.
        description: Free text.
        project: Project in W&B.
        entity: Team or user in W&B.
        data: `auto`, the name of a data set, or a path.
        validation: Which images score the trials.
        replicates: Trials of each setting, with seeds `seed`, `seed + 1`, ...
        resources: What each trial, or each group of fused trials, gets; None chooses by the
            machine.
        fuse: Whether trials that fit together are trained as one model: `auto` where it is faster,
            `off`, or at most so many.
        storage: Where results go: a directory or an object store's URL. None is `results/`.
        max_failures: How often a trial whose process is lost, or that raises an error, is tried
            again from its last checkpoint; 0 never.
        trial_timeout: Seconds without a report after which a trial counts as hung, and is ended and
            tried again; None waits for ever. An epoch of the slowest trial must be shorter. Until
            its first report a process has two minutes more.
        search_seed: Seed of the settings that a random or Bayesian search draws.
        limit_images: Part of the images of every class that is used, training and test images
            alike, in (0, 1].
        scale: Part of a study's work that `study --scale` left of it, for reports; 1 is all.
        reference: What a published study found, for reports.
        tracker: Experiment trackers by name, or `none`; None is W&B.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Method | None = None
    metric: Objective = Field(default_factory=Objective)
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    early_terminate: AnyEarlyTerminate | None = None
    run_cap: Int | None = Field(default=None, ge=1, le=100_000)
    name: str | None = None
    description: str | None = None
    project: str | None = None
    entity: str | None = None
    data: str = Field(default="auto", min_length=1)
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

    @field_validator("parameters")
    @classmethod
    def _fit_trial(cls, parameters: dict[str, Parameter]) -> dict[str, Parameter]:
        checked = {}
        for name, parameter in parameters.items():
            if name not in (known := trial_fields()):
                raise ValueError(f"{unknown_key((name,), known, 'unknown parameter')}")
            fitting, problems = check_parameter(name, parameter, (name,))
            if fitting is None:
                raise ValueError("; ".join(map(str, problems)))
            checked[name] = fitting
        return checked

    @model_validator(mode="after")
    def _seeds_differ(self) -> Self:
        if self.replicates > 1 and not isinstance(self.parameters.get("seed", _FIXED), Constant):
            raise ValueError(
                f"replicates: must be 1 where parameters.seed varies, got {self.replicates}"
            )
        return self

    @property
    def search(self) -> Search:
        """How settings are chosen; `random` where no method is given."""
        return SEARCHES[self.method or "random"]

    @property
    def early_problem(self) -> Problem | None:
        """Why `early_terminate` could never stop a trial, if that is so."""
        early = self.early_terminate
        return None if early is None else early.problem(self.longest_epochs)

    @property
    def longest_epochs(self) -> int:
        """Epochs of the longest trial that the sweep can have."""
        parameter = self.parameters.get("epochs")
        if isinstance(parameter, Constant):
            return int(parameter.value)
        if parameter is None:
            return int(TrialConfig().epochs)
        if isinstance(parameter, IntUniform | Range) and parameter.ends is not None:
            return math.floor(parameter.ends[1])
        if isinstance(parameter, Categorical) or hasattr(parameter, "values"):
            return int(max(parameter.values))
        return 100_000
