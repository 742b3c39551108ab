"""The reference's conclusions as rules, in the order of its slides."""

from tune_mc1.report.rules.grid import GRID
from tune_mc1.report.rules.large import LARGE
from tune_mc1.report.rules.networks import NETWORKS
from tune_mc1.report.rules.rule import Rule
from tune_mc1.report.rules.training import TRAINING

RULES: tuple[Rule, ...] = (*GRID, *NETWORKS, *TRAINING, *LARGE)

__all__ = ["RULES", "Rule"]
