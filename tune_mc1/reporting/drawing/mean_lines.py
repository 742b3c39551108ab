"""Mean curves on axes: bands or whiskers, published curves, numbers of trials below, legend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from tune_mc1.config.reference import Outcome
from tune_mc1.reporting.drawing import published_outcomes
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.foot import Foot
from tune_mc1.reporting.drawing.mean_curves import Band, MeanCurve, Unit
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.style import (
    SOFT,
    axis_text,
    epoch_axis,
    mark_every,
    marker,
    metric_limits,
    robust_limits,
)
from tune_mc1.reporting.words.catalogue import capital, count

MOST_BANDS = 3
"""More curves than this have whiskers instead of bands."""
APART = 0.4
"""Width in epochs over which whiskers of one epoch are set apart."""


@dataclass(frozen=True)
class Drawn:
    """One mean curve of a figure.

    Attributes:
        label: Its name in the legend.
        curve: Mean, band and number of trials per epoch.
        color: Its colour.
        outcome: The published outcome that belongs to it, if there is one.
    """

    label: str
    curve: MeanCurve
    color: str
    outcome: Outcome | None = None


def caption_parts(
    context: Context, drawn: Sequence[Drawn], band: Band, unit: Unit
) -> dict[str, str]:
    """The parts of a caption on bands, trials that ended early, and the reference."""
    t = context.t
    sizes = [d.curve.units for d in drawn]
    low, high = min(sizes), max(sizes)
    units = count(t, unit, high)
    units = units if low == high else t("units_between", low=low, units=units)
    early = any(not d.curve.whole.all() for d in drawn)
    few = len(drawn) <= MOST_BANDS
    found = [d.outcome for d in drawn if d.outcome is not None]
    key = "reference_curves" if any(o.curve for o in found) else "reference_points"
    return {
        "band": t(f"band_{band}", units=units, what=t("bands" if few else "whiskers")),
        "early": t("early") if early else "",
        "reference": t(key, source=published_outcomes.source(context)) if found else "",
    }


def draw_means(
    context: Context, foot: Foot, title: str, drawn: Sequence[Drawn], parameter: str
) -> Figure:
    """Mean curves by a parameter, with bands and references, and numbers of trials below."""
    early = any(not d.curve.whole.all() for d in drawn)
    figure, ax, below = curve_axes(foot, title, early)
    epochs = max(len(d.curve.mean) for d in drawn)
    for i, each in enumerate(drawn):
        add_mean(ax, each, i, len(drawn))
        add_reference(ax, each.outcome, each.color, marker(i))
        if below is not None:
            at = np.arange(1, len(each.curve.n) + 1)
            below.step(at, each.curve.n, where="mid", color=each.color, lw=1)
    epochs = max([epochs, *(d.outcome.epoch for d in drawn if d.outcome is not None)])
    finish(context, ax, below, epochs)
    heading = axis_text(context.heading(parameter), 30)
    place_legend(ax, [*labelled(ax), *reference_handle(context, drawn)], heading)
    return figure


def curve_axes(foot: Foot, title: str, early: bool) -> tuple[Figure, Axes, Axes | None]:
    """A figure for curves, with a low panel for the number of trials if some ended early."""
    figure = sheet(foot, title, height=3.7 if early else 3.1)
    if not early:
        return figure, figure.add_subplot(), None
    ax, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (4, 1)})
    return figure, ax, below


def add_mean(ax: Axes, each: Drawn, index: int, groups: int, width: float = 1.6) -> None:
    """Adds a mean curve, thick where all its trials have a value and thin where some do not.

    Bands of many curves would hide each other, so they have whiskers at their markers instead.
    """
    curve, color = each.curve, each.color
    at = np.arange(1.0, len(curve.mean) + 1)
    every = mark_every(len(at), index, groups)
    if groups > MOST_BANDS and every[1] == 1:
        at = at + APART * (index - (groups - 1) / 2) / groups
    if groups <= MOST_BANDS:
        ax.fill_between(at, curve.low, curve.high, color=color, alpha=0.16, lw=0)
    else:
        add_whiskers(ax, at, curve, color, every)
    if not curve.whole.all():
        ax.plot(at, curve.mean, color=color, lw=0.7, label="_thin")
    ax.plot(
        at,
        np.where(curve.whole, curve.mean, np.nan),
        color=color,
        lw=width,
        marker=marker(index),
        markevery=every,
        label=each.label,
    )


def add_whiskers(
    ax: Axes, at: NDArray[np.float64], curve: MeanCurve, color: str, every: tuple[int, int]
) -> None:
    """Adds the band as a vertical line at every marker."""
    start, step = every
    there = np.isfinite(curve.low) & (np.arange(len(at)) % step == start)
    ax.vlines(at[there], curve.low[there], curve.high[there], color=color, lw=1, alpha=0.7)


def add_reference(ax: Axes, outcome: Outcome | None, color: str, shape: str) -> None:
    """Adds a published curve dashed, or its last value as a hollow marker."""
    if outcome is None:
        return
    if any(value is not None for value in outcome.curve):
        values = np.array([np.nan if v is None else v for v in outcome.curve])
        there = np.flatnonzero(np.isfinite(values))  # gaps are bridged
        ax.plot(there + 1, values[there], color=color, lw=1.1, ls=(0, (4, 2)), label="_reference")
    else:
        ax.plot(
            [outcome.epoch],
            [outcome.val_acc],
            ls="",
            marker=shape,
            ms=6.5,
            mfc="white",
            mec=color,
            mew=1.2,
            label="_reference",
            zorder=4,
        )


def labelled(ax: Axes) -> list[Line2D]:
    """The lines that have a label for a legend."""
    return [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]


def reference_handle(context: Context, drawn: Sequence[Drawn]) -> list[Line2D]:
    """The legend's entry for published outcomes, if any are drawn."""
    found = [d.outcome for d in drawn if d.outcome is not None]
    label = context.t("reference")
    if any(outcome.curve for outcome in found):
        return [Line2D([], [], color=SOFT, lw=1.1, ls=(0, (4, 2)), label=label)]
    marks = [Line2D([], [], color=SOFT, ls="", marker="o", mfc="white", label=label)]
    return marks if found else []


def finish(
    context: Context,
    ax: Axes,
    below: Axes | None,
    epochs: int,
) -> None:
    """Sets labels and limits of axes of the sweep's metric.

    Args:
        context: The sweep.
        ax: The axes, with all curves in them.
        below: The panel with numbers of trials, if there is one.
        epochs: Length of the longest curve.
    """
    t = context.t
    ax.set_ylabel(axis_text(context.metric_heading))
    drawn = [np.asarray(line.get_ydata(), float) for line in ax.get_lines()]
    limit_metric(context, ax, context.frames.metric, drawn)
    epoch_axis(below or ax, epochs, capital(t("epoch")))
    if below is not None:
        below.set_ylabel(capital(t("running")))
        below.set_ylim(bottom=0)


def limit_metric(
    context: Context, ax: Axes, name: str, drawn: Sequence[NDArray[np.float64]]
) -> None:
    """Limits the y axis of a metric.

    Args:
        context: The sweep.
        ax: The axes, with all curves in them.
        name: Column of the metric.
        drawn: The curves.
    """
    if not context.of_program:
        metric_limits(ax, name, drawn, context.t("cut"))
    elif name == context.frames.metric:
        key = "cut_below" if context.maximize else "cut"
        robust_limits(ax, context.score_curves, context.t(key), cut_below=context.maximize)


def place_legend(ax: Axes, handles: Sequence[Line2D], heading: str | None = None) -> None:
    """Puts the legend to the right of the axes."""
    ax.legend(
        handles=list(handles),
        title=heading,
        alignment="left",
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
    )
