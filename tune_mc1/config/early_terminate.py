"""Early termination of poor trials: the types of the sweep file's `early_terminate`.

Each type is a pydantic model next to its trial scheduler: a file in `tune_mc1.planning.schedulers`,
or a module of another package.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny, ValidationError

from tune_mc1.config.field_types import listed
from tune_mc1.config.problems import Problem
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.config.sweep import Sweep
    from tune_mc1.config.trial import Trial


class EarlyTerminate(BaseModel):
    """Base class of the types of early termination; the fields are the keys of the sweep file.

    Attributes:
        type: Its name.
        does: What it does to poor trials, for a notice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    does: ClassVar[str] = "stops poor trials early"

    type: str

    def problem(self, longest: int) -> Problem | None:
        """Explains why no trial could ever be stopped; None if trials can be.

        Args:
            longest: Epochs of the longest trial.
        """
        return None

    def unfit(self, sweep: "Sweep") -> Problem | None:
        """Explains why it cannot be used with a sweep; None if it can."""
        return None

    def notice(self, sweep: "Sweep") -> str | None:
        """A line for the user about its use with a sweep; None if there is nothing to say."""
        return None

    def scheduler(self, longest: int) -> TrialScheduler[Any]:
        """Builds a new scheduler.

        Args:
            longest: Epochs of the longest trial.
        """
        raise NotImplementedError

    def scheduler_of(self, sweep: "Sweep") -> TrialScheduler[Any]:
        """Builds a new scheduler for a sweep, of which most need to know the epochs only."""
        return self.scheduler(sweep.longest_epochs)

    def changes(self, sweep: "Sweep") -> Sequence[str]:
        """Parameters whose values it may change while a trial runs."""
        return ()

    def exchanges(self, sweep: "Sweep", trials: "Sequence[Trial]") -> dict[str, Any]:
        """When trials would exchange weights and settings, for an outline; empty if they do not."""
        return {}

    def dry_run_rows(self, trials: int, longest: int) -> list[dict[str, int]]:
        """Number of trials that reach each epoch, as far as it is known in advance.

        Args:
            trials: Number of trials.
            longest: Epochs of the longest trial.

        Returns:
            Rows of `bracket`, `epoch` (ascending in each bracket, up to `longest`) and `trials`;
            empty if it depends on the scores.
        """
        return []

    @property
    def compared_from(self) -> int:
        """First epoch at which a search that learns compares trials."""
        return 0

    @property
    def fixes_epochs(self) -> str | None:
        """Reason why a sweep cannot be resumed with more epochs; None if it can be."""
        return None


EARLY_TERMINATE: Registry[type[EarlyTerminate]] = Registry(
    "early_terminate type", folder="tune_mc1.planning.schedulers"
)

E = TypeVar("E", bound=type[EarlyTerminate])


def register_early_terminate(*types: str) -> Callable[[E], E]:
    """Class decorator that registers a model under one or more types."""

    def register(model: E) -> E:
        for name in types:
            EARLY_TERMINATE.register(name, model)
        return model

    return register


def model_of(value: Any) -> type[EarlyTerminate] | None:
    """Finds the model that validates an `early_terminate`; None if its type is unknown.

    A value without a type is validated as `asha`, whose error messages say that it is missing.
    """
    name = value.get("type", "asha") if isinstance(value, dict) else "asha"
    return EARLY_TERMINATE[name] if isinstance(name, str) and name in EARLY_TERMINATE else None


def _typed(value: Any) -> EarlyTerminate:
    if isinstance(value, EarlyTerminate):
        return value
    model = model_of(value)
    if model is not None:
        return model.model_validate(value)
    expected = {"expected": listed(sorted(EARLY_TERMINATE))}
    raise ValidationError.from_exception_data(
        "EarlyTerminate",
        [{"type": "literal_error", "loc": ("type",), "input": value["type"], "ctx": expected}],
    )


AnyEarlyTerminate = Annotated[SerializeAsAny[EarlyTerminate], BeforeValidator(_typed)]
"""Early termination of any registered type."""
