"""Which figures a sweep has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tune_mc1.data.images import ImageData
from tune_mc1.reporting.figures.bars import Bar, Mean, importance_figure, marginal_figure
from tune_mc1.reporting.figures.context import Context
from tune_mc1.reporting.figures.cost import cost_figures, image_shape, settings
from tune_mc1.reporting.figures.curves import curve_figures
from tune_mc1.reporting.figures.folds import folds_figure
from tune_mc1.reporting.figures.heatmap import heatmap_figure
from tune_mc1.reporting.figures.overfitting import overfitting_figure
from tune_mc1.reporting.figures.parallel import parallel_figure
from tune_mc1.reporting.figures.predictions import (
    confusion_figure,
    mistakes_figure,
    read_predictions,
)
from tune_mc1.reporting.figures.rungs import rungs_figure
from tune_mc1.reporting.figures.side_by_side import compare_figures
from tune_mc1.reporting.figures.single_batch import is_check, single_batch_figure
from tune_mc1.reporting.figures.spec import FigureSet, FigureSpec
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.words.page_texts import Lang

if TYPE_CHECKING:
    from tune_mc1.reporting.pages.stat_tables import Statistics

__all__ = ["compare_figures", "make_figures"]


def make_figures(
    frames: SweepFrames,
    lang: Lang,
    data: ImageData | None = None,
    statistics: "Statistics | None" = None,
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
    if frames.trials.empty or frames.history.empty:
        return FigureSet((), (context.t("left_no_scores"),))
    if is_check(context):
        return FigureSet(tuple(single_batch_figure(context)), (context.t("left_single_batch"),))
    if not np.isfinite(context.score_curves).any():
        return FigureSet((), (context.t("left_no_scores"),))
    left_out: list[str] = []
    specs = [
        *curve_figures(context),
        *folds_figure(context),
        *_statistics(context, statistics),
        *heatmap_figure(context),
        *parallel_figure(context),
        *rungs_figure(context),
        *_costs(context, data, left_out),
        *overfitting_figure(context),
        *_predictions(context, data, left_out),
    ]
    return FigureSet(tuple(specs), tuple(left_out))


def _costs(context: Context, data: ImageData | None, left_out: list[str]) -> Iterator[FigureSpec]:
    own = data if data is not None and _same_images(context, data) else None
    shape = image_shape(context, own)
    if shape is None and "model" in context.frames.varied:
        left_out.append(context.t("left_shape"))
    yield from cost_figures(context, settings(context, shape))


def _same_images(context: Context, data: ImageData) -> bool:
    return data.fingerprint == context.frames.facts.get("fingerprint")


def _predictions(
    context: Context, data: ImageData | None, left_out: list[str]
) -> Iterator[FigureSpec]:
    t, found = context.t, read_predictions(context)
    if found is None:
        left_out.append(t("left_predictions"))
        return
    yield from confusion_figure(context, found)
    if data is None:
        left_out.append(t("left_images"))
    elif not _same_images(context, data):
        wanted = str(context.frames.facts.get("fingerprint"))
        left_out.append(t("left_fingerprint", found=data.fingerprint[:8], wanted=wanted[:8]))
    else:
        yield from mistakes_figure(context, found, data)


def _statistics(context: Context, statistics: "Statistics | None") -> Iterator[FigureSpec]:
    """Marginal means and importance, from the statistics' own classes."""
    if statistics is None:
        return
    frames, lang = context.frames, context.lang
    panels = {
        marginal.parameter: [
            Mean(
                (m.low_value, m.high_value) if m.low_value < m.high_value else m.value,
                m.mean,
                m.low,
                m.high,
                m.settings,
            )
            for m in marginal.means
        ]
        for marginal in statistics.marginals
    }
    notes = dict.fromkeys(m.reason.of(lang) for m in statistics.marginals)
    found = statistics.importance
    bars = [Bar(r.parameter, r.value, r.low, r.high, r.correlation) for r in found.rows]
    reason = found.reason.of(lang)
    drawn = (
        marginal_figure(frames, lang, panels, " ".join(filter(None, notes))),
        importance_figure(frames, lang, bars, reason, "" if found.reliable else reason),
    )
    yield from (spec for spec in drawn if spec is not None)
