"""When trials that do badly are stopped: the sweep file's `early_terminate`, by its type.

Each type is a model beside its trial scheduler: a file in `tune_mc1.planning.schedulers`, or a
module of another package.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny, ValidationError

from tune_mc1.config.field_types import listed
from tune_mc1.config.problems import Problem
from tune_mc1.config.trial_scheduler import TrialScheduler
from tune_mc1.registry import Registry


class EarlyTerminate(BaseModel):
    """Keys of one type of early termination, each a field.

    Attributes:
        type: Its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str

    def problem(self, longest: int) -> Problem | None:
        """Why no trial could ever be stopped, if that is so.

        Args:
            longest: Epochs of the longest trial.
        """
        return None

    def scheduler(self, longest: int) -> TrialScheduler[Any]:
        """A scheduler that has seen nothing yet.

        Args:
            longest: Epochs of the longest trial.
        """
        raise NotImplementedError

    def dry_run_rows(self, trials: int, longest: int) -> list[dict[str, int]]:
        """How many trials reach which epoch, as far as that is known before anything runs.

        Args:
            trials: Number of trials.
            longest: Epochs of the longest trial.

        Returns:
            Rows of `bracket`, `epoch` (ascending in each bracket, up to `longest`) and `trials`;
            none if it depends on the scores.
        """
        return []

    @property
    def fixes_epochs(self) -> str | None:
        """What keeps a sweep from going on with more epochs, in words; None if nothing does."""
        return None


EARLY_TERMINATE: Registry[type[EarlyTerminate]] = Registry(
    "early_terminate type", folder="tune_mc1.planning.schedulers"
)

E = TypeVar("E", bound=type[EarlyTerminate])


def register_early_terminate(*types: str) -> Callable[[E], E]:
    """Registers a model by the types that it stands for; a decorator of its class."""

    def register(model: E) -> E:
        for name in types:
            EARLY_TERMINATE.register(name, model)
        return model

    return register


def model_of(value: Any) -> type[EarlyTerminate] | None:
    """The model that a file's `early_terminate` is checked by; None if its type is unknown.

    What has no type is checked as `asha`, whose messages say so.
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
