"""Parameters of the training recipe: those that most sweeps leave at their defaults.

Each file has those of one subject, as fields of a small pydantic model. They are trial parameters
like the fields of `TrialConfig`, which inherits them, but have columns in the results of only those
sweeps that set them.
"""

from tune_mc1.config.recipe.inputs import InputParameters
from tune_mc1.config.recipe.loss import LossParameters


class Recipe(InputParameters, LossParameters):
    """All parameters of the recipe."""


RECIPE: frozenset[str] = frozenset(Recipe.model_fields)
"""Their names."""
