"""Parameters of the training recipe: those that most sweeps leave at their defaults.

Each file has those of one subject, as fields of a small pydantic model. They are trial parameters
like the fields of `TrialConfig`, which inherits them, but have columns in the results of only those
sweeps that set them.
"""

from tune_mc1.config.recipe.augmentation import AugmentationParameters
from tune_mc1.config.recipe.fine_tuning import FineTuningParameters
from tune_mc1.config.recipe.inputs import InputParameters
from tune_mc1.config.recipe.loss import LossParameters
from tune_mc1.config.recipe.optimizer import OptimizerParameters
from tune_mc1.config.recipe.run import RunParameters
from tune_mc1.config.recipe.schedule import ScheduleParameters


class Recipe(
    ScheduleParameters,
    LossParameters,
    OptimizerParameters,
    RunParameters,
    FineTuningParameters,
    AugmentationParameters,
    InputParameters,
):
    """All parameters of the recipe."""


RECIPE: frozenset[str] = frozenset(Recipe.model_fields)
"""Their names."""

LISTS = frozenset({"betas", "class_weights", "milestones"})
"""Those of them whose values are lists of numbers."""
