"""Figures of sweeps: learning curves, costs, errors; as PNG and SVG, in English and German.

`make_figures` chooses those of one sweep, `compare_figures` sets several side by side,
`importance_figure` and `marginal_figure` show the numbers of a statistic, `save` writes any.
"""

from tune_mc1.report.figures.make import compare_figures, make_figures
from tune_mc1.report.figures.spec import FigureSet, FigureSpec, save

__all__ = ["FigureSet", "FigureSpec", "compare_figures", "make_figures", "save"]
