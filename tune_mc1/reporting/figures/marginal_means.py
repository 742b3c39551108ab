"""Marginal means: the mean score by value of each parameter, with intervals."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing import published_outcomes
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.groups import shown
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, VERMILION, axis_text, short
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue, number

if TYPE_CHECKING:  # takes seconds to import
    from tune_mc1.reporting.statistics.effects import MarginalMean

WORDS: Catalogue = {
    "title": ("Mean {metric} by parameter", "{metric} nach Parameter (Mittel)"),
    "caption": (
        "Mean {metric} of the settings with each value, at each trial's best epoch, with its 95 % "
        "interval. Settings also differ in the other parameters, so intervals may overlap even "
        "where the paired difference is clear.",
        "{metric} (Mittel) der Einstellungen mit jedem Wert, in der besten Epoche jedes Trials, "
        "mit 95-%-Intervall. Die Einstellungen unterscheiden sich auch in anderen Parametern; "
        "Intervalle können sich darum überlappen, wo der Unterschied in Paaren klar ist.",
    ),
    "published": (
        "Hollow: the reference ({source}), from its own trials at their last epoch.",
        "Hohl: die Referenz ({source}), über deren eigene Trials in ihrer letzten Epoche.",
    ),
}

MOST_PANELS = 8
PANEL_LETTERS = 100
"""Letters of a small font that fit below all panels of a row."""
HOLLOW: Any = {
    "ls": "",
    "marker": "D",
    "ms": 5,
    "mfc": "white",
    "mec": VERMILION,
    "mew": 1.2,
    "zorder": 4,
}
"""Marker of a published value."""


def marginal_means(context: Context) -> Iterator[FigureSpec]:
    """Yields marginal means with intervals, one panel per parameter; published means hollow."""
    marginals = context.statistics.marginals if context.statistics else ()
    panels = {
        m.parameter: [mean for mean in m.means if math.isfinite(mean.mean)] for m in marginals
    }
    panels = dict([(name, means) for name, means in panels.items() if len(means) > 1][:MOST_PANELS])
    if not panels:
        return
    from tune_mc1.reporting.statistics.effects import notes_of

    t = context.t
    title = t("title", metric=context.metric)
    caption = t("caption", metric=context.metric)
    published = any(
        _published(context, name, mean) is not None for name in panels for mean in panels[name]
    )
    if published:
        caption += " " + t("published", source=published_outcomes.source(context))
    caption = " ".join(filter(None, [caption, notes_of(marginals, context.lang)]))

    def draw() -> Figure:
        return _draw(context, title, panels, published)

    yield FigureSpec("marginal_means", title, caption, draw)


def _draw(
    context: Context, title: str, panels: "dict[str, list[MarginalMean]]", published: bool
) -> Figure:
    across = min(len(panels), {2: 2, 4: 2}.get(len(panels), 4 if len(panels) > 6 else 3))
    down = -(-len(panels) // across)
    figure = sheet(context.foot, title, height=2.5 * down)
    axes = figure.subplots(down, across, squeeze=False, sharey=True)
    for place, ax in enumerate(axes.flat):
        if place >= len(panels):
            ax.set_visible(False)
            continue
        name = list(panels)[place]
        _panel(context, ax, name, panels[name], PANEL_LETTERS // across)
        if place % across == 0:
            ax.set_ylabel(axis_text(context.metric_heading, 28))
    if published:
        axes[0, -1].plot([], [], **HOLLOW, label=context.t("reference"))
        axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def _published(context: Context, name: str, mean: "MarginalMean") -> float | None:
    outcome = None
    if not mean.low_value < mean.high_value:
        outcome = published_outcomes.by_value(context, name, mean.value)
    return None if outcome is None else outcome.val_acc


def _panel(
    context: Context, ax: Axes, name: str, means: "Sequence[MarginalMean]", letters: int
) -> None:
    t = context.t
    places = np.arange(len(means))
    y = np.array([m.mean for m in means])
    for place, m in zip(places, means, strict=True):
        if math.isfinite(m.low) and math.isfinite(m.high):
            ax.vlines(place, m.low, m.high, color=BLUE, lw=1.6)
        ax.plot([place] * len(m.points), m.points, ls="", marker="_", ms=8, color=BLUE)
        published = _published(context, name, m)
        if published is not None:
            ax.plot([place], [published], **HOLLOW, label="_reference")
    ax.plot(places, y, ls="", marker="o", ms=5, color=BLUE, label="_means")
    labels = [
        "–".join(number(end, 2) for end in (m.low_value, m.high_value))
        if m.low_value < m.high_value
        else short(shown(m.value, t, context.frames, name), 16)
        for m in means
    ]
    widths = [len(label) for label in labels]
    close = any((a + b) / 2 > letters / len(means) for a, b in pairwise(widths))
    tilted = sum(widths) > 34 or close
    ends = [f" (n = {m.settings})" if tilted else f"\nn = {m.settings}" for m in means]
    labels = [label + end for label, end in zip(labels, ends, strict=True)]
    ax.set_xticks(places, labels, rotation=40 if tilted else 0, ha="right" if tilted else "center",
                  size=6.5, rotation_mode="anchor" if tilted else "default")  # fmt: skip
    ax.set_xlim(-0.5, len(means) - 0.5)
    ax.grid(visible=False, axis="x")
    ax.set_title(axis_text(context.heading(name), int(letters * 0.8)), loc="left")


FIGURES.register("marginal_means", FigureKind(40, marginal_means, words=WORDS))
