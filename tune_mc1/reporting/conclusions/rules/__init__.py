"""The reference's conclusions as rules, in the order of its slides."""

from tune_mc1.reporting.conclusions.rules.first_grid import GRID
from tune_mc1.reporting.conclusions.rules.large import LARGE
from tune_mc1.reporting.conclusions.rules.networks import NETWORKS
from tune_mc1.reporting.conclusions.rules.rule import Rule
from tune_mc1.reporting.conclusions.rules.training import TRAINING

RULES: tuple[Rule, ...] = (*GRID, *NETWORKS, *TRAINING, *LARGE)

__all__ = ["RULES", "Rule"]
