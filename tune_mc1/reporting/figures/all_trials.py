"""Learning curves of all trials of a sweep, with their mean and the best setting."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tune_mc1.reporting.drawing import published_outcomes
from tune_mc1.reporting.drawing.context import Context, Matrix
from tune_mc1.reporting.drawing.mean_curves import band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.drawing.mean_lines import (
    Drawn,
    add_mean,
    add_reference,
    caption_parts,
    curve_axes,
    finish,
    labelled,
    place_legend,
    reference_handle,
)
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, INK, SOFT, marker
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind, has_scores
from tune_mc1.reporting.words.catalogue import Catalogue, count

WORDS: Catalogue = {
    "title": ("Learning curves of all trials", "Lernkurven aller Trials"),
    "caption": (
        "{metric} after each epoch: thin lines are trials, the thick line is their mean{band}"
        "{best}. {early}{reference}",
        "{metric} nach jeder Epoche: jeder Trial dünn, ihr Mittel dick{band}{best}. "
        "{early}{reference}",
    ),
    "best": ("; the best setting is shown too", "; und die beste Einstellung"),
    "cut_lines": (
        "Only {shown} of {total} trials are drawn, evenly spaced from best to worst; the mean is "
        "over all of them. ",
        "Nur {shown} von {total} Trials sind dünn gezeichnet, gleichmässig vom besten zum "
        "schlechtesten; das Mittel ist über alle. ",
    ),
    "mean_of": ("mean of {n}", "Mittel über {n}"),
    "best_runs": ("best setting ({n})", "beste Einstellung ({n})"),
    "single": ("single trials", "einzelne Trials"),
}

MOST_LINES = 400
"""Maximum number of single trials drawn."""


def all_trials(context: Context) -> Iterator[FigureSpec]:
    """Yields the figure: every trial thin, the mean of all thick, and the best setting."""
    t, curves = context.t, context.score_curves
    unit = unit_of(context, [np.ones(len(curves), dtype=bool)])
    rows = unit_curves(context, curves, np.ones(len(curves), dtype=bool), unit)
    band = band_of(unit, [len(rows)])
    units = count(t, unit, len(rows))
    published = [published_outcomes.overall(context, s) for s in ("mean", "best")]
    mean = mean_curve(rows, band, curves, context.limits)
    drawn = [Drawn(t("mean_of", n=units), mean, INK, published[0])]
    if context.winner is not None and unit == "setting":
        best = unit_curves(context, curves, context.winner, "run")
        label = t("best_runs", n=count(t, "run", len(best)))
        drawn.append(Drawn(label, mean_curve(best, "none"), BLUE, published[1]))
    lines = _evenly(curves[np.isfinite(curves).any(axis=1)])
    parts = caption_parts(context, drawn[:1], band, unit)
    if parts["early"]:
        parts["early"] += t("early_panel")
    if not parts["reference"]:
        parts["reference"] = caption_parts(context, drawn, band, unit)["reference"]
    also = t("best") if len(drawn) > 1 else ""
    caption = t("caption", metric=context.metric, best=also, **parts).strip()
    alive = int(np.isfinite(curves).any(axis=1).sum())
    if len(lines) < alive:
        caption += " " + t("cut_lines", shown=len(lines), total=alive).strip()
    title = t("title")

    def draw() -> Figure:
        return _draw_all(context, title, drawn, lines)

    yield FigureSpec("curves", title, context.sentence(caption), draw)


def _evenly(curves: Matrix) -> Matrix:
    """At most `MOST_LINES` of the curves, evenly spaced from the lowest to the highest."""
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
    finish(context, ax, below, lines.shape[1])
    single = Line2D([], [], color=SOFT, lw=0.6, label=t("single"))
    place_legend(ax, [*labelled(ax), single, *reference_handle(context, drawn)])
    return figure


def several_trials(context: Context) -> bool:
    """Whether several trials were to have scores."""
    return has_scores(context) and len(context.frames.trials) > 1


FIGURES.register("curves", FigureKind(10, all_trials, applies=several_trials, words=WORDS))
