"""Which figures a sweep has."""

from typing import TYPE_CHECKING

from tune_mc1.data.images import ImageData
from tune_mc1.report.figures.compare import compare_figures
from tune_mc1.report.figures.context import Context
from tune_mc1.report.figures.curves import curve_figures
from tune_mc1.report.figures.spec import FigureSet
from tune_mc1.report.frames import SweepFrames
from tune_mc1.report.texts import Lang

if TYPE_CHECKING:
    from tune_mc1.report.stat_tables import Statistics

__all__ = ["compare_figures", "make_figures"]


def make_figures(
    frames: SweepFrames,
    lang: Lang,
    data: ImageData | None = None,  # noqa: ARG001
    statistics: "Statistics | None" = None,  # noqa: ARG001
) -> FigureSet:
    """The figures that a sweep's results allow, in the order of a report.

    Args:
        frames: The sweep, finished or not.
        lang: Language of all words.
        data: The sweep's images, for those that its winner got wrong.
        statistics: Its statistics, for marginal means and importance.

    Returns:
        The figures, not drawn yet, and a reason for each that readers might miss.
    """
    context = Context(frames, lang)
    return FigureSet(tuple(curve_figures(context)))
