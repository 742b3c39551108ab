"""Learning curves of all trials of a sweep, with their mean and the best setting."""

from collections.abc import Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tune_mc1.reporting.figures import published_outcomes
from tune_mc1.reporting.figures.context import Context, Matrix
from tune_mc1.reporting.figures.mean_lines import (
    Drawn,
    add_mean,
    add_reference,
    caption_parts,
    curve_axes,
    finish,
    place_legend,
    reference_handle,
)
from tune_mc1.reporting.figures.means import band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.figures.spec import FigureSpec
from tune_mc1.reporting.figures.style import BLUE, INK, SOFT, marker
from tune_mc1.reporting.words.figure_texts import capital, count

MOST_LINES = 400
"""Single trials drawn at most."""


def all_trials_figure(context: Context) -> FigureSpec:
    """Every trial thin, the mean of all thick, and the best setting."""
    t, curves = context.t, context.score_curves
    unit = unit_of(context, [np.ones(len(curves), dtype=bool)])
    rows = unit_curves(context, curves, np.ones(len(curves), dtype=bool), unit)
    band = band_of(unit, [len(rows)])
    units = count(t, f"unit_{unit}", len(rows))
    published = [published_outcomes.overall(context, s) for s in ("mean", "best")]
    drawn = [Drawn(t("mean_of", n=units), mean_curve(rows, band, curves), INK, published[0])]
    if context.winner is not None and unit == "setting":
        best = unit_curves(context, curves, context.winner, "run")
        label = t("best_setting", n=count(t, "unit_run", len(best)))
        drawn.append(Drawn(label, mean_curve(best, "none"), BLUE, published[1]))
    lines = _evenly(curves[np.isfinite(curves).any(axis=1)])
    parts = caption_parts(context, drawn[:1], band, unit)
    if parts["early"]:
        parts["early"] += t("early_panel")
    if not parts["reference"]:
        parts["reference"] = caption_parts(context, drawn, band, unit)["reference"]
    also = t("curves_best") if len(drawn) > 1 else ""
    caption = t("curves_caption", metric=context.metric, best=also, **parts).strip()
    alive = int(np.isfinite(curves).any(axis=1).sum())
    if len(lines) < alive:
        caption += " " + t("curves_cut", shown=len(lines), total=alive).strip()
    title = t("curves_title")

    def draw() -> Figure:
        return _draw_all(context, title, drawn, lines)

    return FigureSpec("curves", title, capital(caption), draw)


def _evenly(curves: Matrix) -> Matrix:
    """At most `MOST_LINES` of the curves, evenly from the lowest to the highest."""
    if len(curves) <= MOST_LINES:
        return curves
    order = np.argsort(np.nanmax(curves, axis=1), kind="stable")
    places = np.linspace(0, len(curves) - 1, MOST_LINES).round().astype(int)
    return np.asarray(curves[order[places]])


def _draw_all(context: Context, title: str, drawn: Sequence[Drawn], lines: Matrix) -> Figure:
    t = context.t
    early = not drawn[0].curve.whole.all()
    figure, ax, below = curve_axes(context.foot, title, early)
    at = np.arange(1, lines.shape[1] + 1)
    alpha = float(np.clip(12 / len(lines), 0.12, 0.6))
    thin = LineCollection(
        [np.column_stack((at, row)) for row in lines],
        colors=SOFT,
        linewidths=0.6,
        alpha=alpha,
        rasterized=len(lines) > 50,
    )
    ax.add_collection(thin)
    for i, each in enumerate(drawn):
        add_mean(ax, each, i, len(drawn), width=2.0)
        add_reference(ax, each.outcome, each.color, marker(i))
    if below is not None:
        below.step(at, drawn[0].curve.n, where="mid", color=INK, lw=1)
    ax.autoscale_view()
    finish(ax, below, lines.shape[1], context.frames.metric, t)
    handles = [h for h in ax.get_lines() if not str(h.get_label()).startswith("_")]
    handles.append(Line2D([], [], color=SOFT, lw=0.6, label=t("single")))
    if any(d.outcome is not None for d in drawn):
        handles.append(reference_handle(drawn, t))
    place_legend(ax, handles)
    return figure
