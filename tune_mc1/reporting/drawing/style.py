"""Style of figures: fonts, colours that colour-blind readers can tell apart, markers, axes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tune_mc1.config.metrics import goal_of, split_metric
from tune_mc1.terminal.formatting import wrapped

INK = "#222222"
SOFT = "#666666"
FAINT = "#d9d9d9"
GRID = "#ececec"
WARN = "#a33b00"
BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
)
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, INK)
"""Palette of Okabe and Ito (2008) without yellow, which is too light for lines on white."""
MARKERS = "os^DvPX<>phd"
FAR = 20.0
"""A loss in nats beyond which a trial has failed: guessing among ten classes costs 2.3."""
SEQUENCE = "viridis"
"""Colour map of ordered values; its lightness grows evenly, so it works in grey too."""

RC: Any = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.limits": (-4, 5),
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.title_fontsize": 7.5,
    "text.color": INK,
    "text.parse_math": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "tune_mc1",
    "path.simplify": True,
}


def colors(count: int, ordered: bool) -> list[str]:
    """Colours of groups: a sequence from dark to light if they are ordered, else distinct ones."""
    if ordered and count > 1:
        return [to_hex(c) for c in colormaps[SEQUENCE](np.linspace(0.0, 0.82, count))]
    return [PALETTE[i % len(PALETTE)] for i in range(count)]


def marker(index: int) -> str:
    """The marker of a group."""
    return MARKERS[index % len(MARKERS)]


def epoch_axis(ax: Axes, epochs: int, label: str) -> None:
    """An axis of epochs: whole numbers from 1."""
    ax.set_xlabel(label)
    room = max(0.02 * (epochs - 1), 0.3)
    ax.set_xlim(max(1 - room, 0.2), epochs + room)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, nbins=8))


def mark_every(epochs: int, index: int, groups: int) -> tuple[int, int]:
    """Start and step of a curve's markers: all epochs if it is short, else few, offset by curve."""
    step = 1 if epochs <= 6 else max(round(epochs / 8), min(groups, 3) if epochs > 12 else 1)
    return (step * index // max(groups, 1)) % step, step


def metric_limits(ax: Axes, name: str, values: Sequence[NDArray[np.float64]], note: str) -> None:
    """Limits the y axis: to the limits of the metric, and for losses without extreme values.

    Args:
        ax: The axes, with all curves in them.
        name: The metric, such as `val_loss`.
        values: The curves.
        note: Written on the axes if they cut off some losses.
    """
    _, metric = split_metric(name)
    if metric is not None and metric.limits is not None:
        (low, high), (least, most) = ax.get_ylim(), metric.limits
        room = 0.03 * (most - least)
        ax.set_ylim(max(low, least - room), min(high, most + room))
        return
    if goal_of(name) == "maximize":
        return
    found = np.concatenate([v[np.isfinite(v)].ravel() for v in values] or [np.empty(0)])
    near = found[found <= FAR]
    if len(near) and len(near) < len(found):
        ax.set_ylim(min(0.0, float(near.min())), 1.1 * float(near.max()))
        ax.annotate(note, (0.01, 0.985), xycoords="axes fraction", va="top", size=6.5, color=SOFT)


def robust_limits(ax: Axes, curves: NDArray[np.float64], note: str, *, cut_below: bool) -> None:
    """Limits the y axis of a metric of unknown range, where few bad values would take it all.

    Args:
        ax: The axes.
        curves: The curves of all trials, with nan where they have no value.
        note: Written on the axes if they cut off some values.
        cut_below: Whether low values are the bad ones.
    """
    found = curves[np.isfinite(curves)]
    sign = -1 if cut_below else 1
    bad = sign * found
    if len(bad) < 4:
        return
    low, middle, high = np.quantile(bad, (0.0, 0.5, 0.9))
    bound = high + max(FAR / 2 * (high - low), 1e-12 * abs(middle))
    if bad.max() <= bound:
        return
    near = found[bad <= bound]
    room = 0.08 * max(float(np.ptp(near)), 1e-12)
    ax.set_ylim(float(near.min()) - room, float(near.max()) + room)
    ax.annotate(
        note,
        (0.01, 0.015 if cut_below else 0.985),
        xycoords="axes fraction",
        va="bottom" if cut_below else "top",
        size=6.5,
        color=SOFT,
    )


def axis_text(text: str, width: int = 40) -> str:
    """A label on several lines if it is long; at most three, the rest left out in the middle."""
    return "\n".join(wrapped(short(text, 3 * width - 4), width))


def short(text: str, length: int = 48) -> str:
    """A text, shortened in the middle if it is longer."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def labels(names: Sequence[str], length: int) -> list[str]:
    """Names, shortened, with a number where two would then be the same."""
    found = [short(name, length) for name in names]
    return [
        f"{name} ({found[:place].count(name) + 1})" if found.count(name) > 1 else name
        for place, name in enumerate(found)
    ]


def ink_on(color: tuple[float, float, float, float]) -> str:
    """Black or white, whichever is easier to read on a colour (WCAG's relative luminance)."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
    light = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    return "black" if light > 0.179 else "white"
