"""Importance of each parameter as a bar with its interval, and its correlation with the score."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.foot import Foot
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, FAINT, INK, SOFT, VERMILION, axis_text
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue, capital

if TYPE_CHECKING:  # takes seconds to import
    from tune_mc1.reporting.statistics.importance import Importance

WORDS: Catalogue = {
    "title": (
        "Importance of parameters for {metric}",
        "Wichtigkeit der Parameter: {metric}",
    ),
    "caption": (
        "Importance of each parameter for {metric} with its 95 % interval, and its rank "
        "correlation with {metric}: filled if positive, hatched if negative.",
        "Wichtigkeit jedes Parameters für {metric} mit 95-%-Intervall, und seine Rangkorrelation "
        "mit {metric}: gefüllt, wo sie positiv ist, schraffiert, wo negativ.",
    ),
    "importance": ("importance", "Wichtigkeit"),
    "correlation": ("correlation", "Korrelation"),
}


def parameter_importance(context: Context) -> Iterator[FigureSpec]:
    """Yields bars of importance with intervals, beside the sign of the correlation."""
    if context.statistics is None:
        return
    found = context.statistics.importance
    known = [row for row in found.rows if math.isfinite(row.value)]
    if not known:
        return
    t, foot, reason = context.t, context.foot, found.reason.of(context.lang)
    title = t("title", metric=context.metric)
    if reason and not found.reliable:
        foot = Foot(foot.notes, (*foot.warnings, reason))

    def draw() -> Figure:
        figure = sheet(foot, title, height=0.75 + 0.3 * len(known))
        left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": (3, 1.4)})
        _bars(left, known, faint=not found.reliable)
        _correlations(right, known)
        left.set_yticks(
            range(len(known)), [axis_text(context.heading(row.parameter), 30) for row in known]
        )
        left.set_ylim(len(known) - 0.4, -0.6)
        left.set_xlabel(capital(t("importance")))
        right.set_xlabel(capital(t("correlation")))
        return figure

    caption = " ".join(filter(None, [t("caption", metric=context.metric), reason]))
    yield FigureSpec("importance", title, capital(caption), draw)


def _bars(ax: Axes, rows: "Sequence[Importance]", faint: bool) -> None:
    places = np.arange(len(rows))
    values = np.array([row.value for row in rows])
    face = FAINT if faint else BLUE
    ax.barh(places, values, height=0.62, color=face, edgecolor=SOFT if faint else BLUE, lw=0.6)
    for place, row in zip(places, rows, strict=True):
        if math.isfinite(row.low) and math.isfinite(row.high):
            ends = [max(row.value - row.low, 0)], [max(row.high - row.value, 0)]
            ax.errorbar([row.value], [place], xerr=ends, color=INK, lw=1, capsize=2.5)
    ax.axvline(0, color=SOFT, lw=0.8)
    ax.grid(visible=False, axis="y")


def _correlations(ax: Axes, rows: "Sequence[Importance]") -> None:
    """Bars from zero: blue to the right for a positive one, hatched red to the left."""
    for place, row in enumerate(rows):
        if not math.isfinite(row.correlation):
            ax.text(0, place, "–", ha="center", va="center", color=SOFT)
            continue
        up = row.correlation >= 0
        face, edge, hatch = (BLUE, BLUE, "") if up else ("white", VERMILION, "////")
        ax.barh([place], [row.correlation], 0.62, color=face, edgecolor=edge, hatch=hatch, lw=0.8)
        side = 0.06 if up else -0.06
        text = f"{row.correlation:+.2f}".replace("-", "−")
        ax.text(row.correlation + side, place, text, va="center", ha="left" if up else "right",
                size=6.5)  # fmt: skip
    ax.set_xlim(-1.45, 1.45)
    ax.set_xticks([-1, 0, 1], ["−1", "0", "1"])
    ax.axvline(0, color=SOFT, lw=0.8)
    ax.grid(visible=False, axis="y")


FIGURES.register("parameter_importance", FigureKind(50, parameter_importance, words=WORDS))
