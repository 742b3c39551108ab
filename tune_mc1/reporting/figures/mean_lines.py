"""Drawing mean curves: bands or whiskers, published curves, numbers of trials below, legend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from tune_mc1.config.reference import Outcome
from tune_mc1.reporting.figures import published_outcomes
from tune_mc1.reporting.figures.context import Context, Foot
from tune_mc1.reporting.figures.means import (
    Band,
    MeanCurve,
    Unit,
)
from tune_mc1.reporting.figures.sheet import sheet
from tune_mc1.reporting.figures.style import (
    SOFT,
    epoch_axis,
    mark_every,
    marker,
    metric_limits,
)
from tune_mc1.reporting.words.figure_texts import Say, capital, count

MOST_BANDS = 3
"""More curves than this have whiskers instead of bands."""
APART = 0.4
"""Width in epochs over which whiskers of one epoch are set apart."""


@dataclass(frozen=True)
class Drawn:
    """One mean curve of a figure.

    Attributes:
        label: What the legend calls it.
        curve: Mean, band and number per epoch.
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
    """What a caption says of bands, trials that ended early, and the reference."""
    t = context.t
    sizes = [d.curve.units for d in drawn]
    low, high = min(sizes), max(sizes)
    units = count(t, f"unit_{unit}", high)
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
    foot: Foot, title: str, drawn: Sequence[Drawn], metric: str, heading: str, t: Say
) -> Figure:
    """Mean curves with bands and references, and below how many trials each is over."""
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
    finish(ax, below, epochs, metric, t)
    handles = [h for h in ax.get_lines() if not str(h.get_label()).startswith("_")]
    if any(d.outcome is not None for d in drawn):
        handles.append(reference_handle(drawn, t))
    place_legend(ax, handles, heading)
    return figure


def curve_axes(foot: Foot, title: str, early: bool) -> tuple[Figure, Axes, Axes | None]:
    """A figure for curves, with a low panel for numbers of trials if some ended early."""
    figure = sheet(foot, title, height=3.7 if early else 3.1)
    if not early:
        return figure, figure.add_subplot(), None
    ax, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (4, 1)})
    return figure, ax, below


def add_mean(ax: Axes, each: Drawn, index: int, groups: int, width: float = 1.6) -> None:
    """One mean curve: thick where all its trials are there, thin where some are missing.

    Bands of many curves would hide each other, so these have whiskers at their markers.
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
    """The band as a vertical line at every marker."""
    start, step = every
    there = np.isfinite(curve.low) & (np.arange(len(at)) % step == start)
    ax.vlines(at[there], curve.low[there], curve.high[there], color=color, lw=1, alpha=0.7)


def add_reference(ax: Axes, outcome: Outcome | None, color: str, shape: str) -> None:
    """A published curve dashed, or its last value as a hollow marker."""
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


def reference_handle(drawn: Sequence[Drawn], t: Say) -> Line2D:
    """The legend's entry of published outcomes."""
    if any(d.outcome is not None and d.outcome.curve for d in drawn):
        return Line2D([], [], color=SOFT, lw=1.1, ls=(0, (4, 2)), label=t("reference"))
    return Line2D([], [], color=SOFT, ls="", marker="o", mfc="white", label=t("reference"))


def finish(ax: Axes, below: Axes | None, epochs: int, metric: str, t: Say) -> None:
    """Labels and limits of the axes.

    Args:
        ax: The axes, with all curves in them.
        below: The panel of numbers, if there is one.
        epochs: Of the longest curve.
        metric: Name of the metric, such as `val_acc`.
        t: Words a key.
    """
    ax.set_ylabel(capital(t(metric)))
    drawn = [np.asarray(line.get_ydata(), float) for line in ax.get_lines()]
    metric_limits(ax, metric, drawn, t("cut"))
    epoch_axis(below or ax, epochs, capital(t("epoch")))
    if below is not None:
        below.set_ylabel(capital(t("running")))
        below.set_ylim(bottom=0)


def place_legend(ax: Axes, handles: Sequence[Line2D], heading: str | None = None) -> None:
    """The legend, right of the axes."""
    ax.legend(
        handles=list(handles),
        title=heading,
        alignment="left",
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
    )
