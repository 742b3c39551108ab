"""Figures of sweeps: learning curves, costs, errors; as PNG and SVG, in English and German.

`make_figures` chooses those of one sweep, `compare_figures` sets several side by side,
`importance_figure` and `marginal_figure` show the numbers of a statistic, `save` writes any.
"""

from tune_mc1.reporting.figures.bars import Bar, Mean, importance_figure, marginal_figure
from tune_mc1.reporting.figures.make import make_figures
from tune_mc1.reporting.figures.side_by_side import compare_figures
from tune_mc1.reporting.figures.spec import FigureSet, FigureSpec, save

__all__ = [
    "Bar",
    "FigureSet",
    "FigureSpec",
    "Mean",
    "compare_figures",
    "importance_figure",
    "make_figures",
    "marginal_figure",
    "save",
]
