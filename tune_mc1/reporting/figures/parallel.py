"""Parallel coordinates: every trial a line through its parameters, coloured by its score."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tune_mc1.reporting.drawing.context import Context, finite
from tune_mc1.reporting.drawing.groups import levels, numeric, shown
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import INK, SEQUENCE, SOFT, axis_text, short
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.frames import plain
from tune_mc1.reporting.words.catalogue import Catalogue, number
from tune_mc1.terminal.formatting import wrapped

WORDS: Catalogue = {
    "title": (
        "Parameters and {metric} of every trial",
        "Parameter und {metric} jedes Trials",
    ),
    "caption": (
        "Each of {n} lines is a trial, coloured by its {metric} at its best epoch; the best are "
        "drawn last. The colour scale starts at the worst 10 %. Trials with equal values are "
        "slightly offset.",
        "Jede von {n} Linien ist ein Trial; ihre Farbe zeigt: {metric} in der besten Epoche, die "
        "besten zuletzt gezeichnet. Die Farben beginnen beim schlechtesten Zehntel. Trials mit "
        "gleichen Werten sind etwas auseinandergerückt.",
    ),
    "cut_lines": (
        "{shown} of {total} trials are drawn, evenly spaced from worst to best.",
        "{shown} von {total} Trials sind gezeichnet, gleichmässig vom schlechtesten zum besten.",
    ),
    "not_shown": ("Not shown: {names}.", "Nicht gezeigt: {names}."),
    "without_score": ("Trials without a score: {n}.", "Trials ohne Wert: {n}."),
}

MOST_AXES = 8
MOST_LINES = 1000
LETTERS = 13
"""Bold letters of a heading in an inch."""
FEW_VALUES = 8
"""The values of a numeric parameter with at most so many are evenly spaced."""


@dataclass(frozen=True)
class Axis:
    """One vertical axis.

    Attributes:
        name: Its heading.
        places: Where each trial crosses it, from 0 at the bottom to 1.
        ticks: Places and their labels.
    """

    name: str
    places: NDArray[np.float64]
    ticks: list[tuple[float, str]]


def parallel(context: Context) -> Iterator[FigureSpec]:
    """Yields the figure if at least two parameters vary and two trials have a score."""
    trials, t = context.frames.trials, context.t
    alive = context.scores.notna().to_numpy()
    names = [n for n in context.frames.varied if trials.loc[alive, n].nunique(dropna=False) > 1]
    if len(names) < 2 or alive.sum() < 2:
        return
    order = _drawn_last_is_best(context, alive)
    scored = trials.iloc[order]
    axes = [parameter_axis(context, scored, name) for name in names[:MOST_AXES]]
    scores = context.values[order]
    axes.append(_score_axis(context.metric_heading, scores))
    title = t("title", metric=context.metric)
    caption = t("caption", metric=context.metric, n=len(order))
    if int(alive.sum()) > len(order):
        caption += " " + t("cut_lines", shown=len(order), total=int(alive.sum()))
    if len(names) > MOST_AXES:
        caption += " " + t("not_shown", names=", ".join(map(context.label, names[MOST_AXES:])))
    if context.stopped:
        caption += " " + t("stopped_count")
    if missing := int((~alive).sum()):
        caption += " " + t("without_score", n=missing)

    def draw() -> Figure:
        return _draw(context, title, axes, scores)

    yield FigureSpec("parallel", title, context.sentence(caption), draw)


def _drawn_last_is_best(context: Context, alive: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Trials with a score, the worst first; of very many an even selection."""
    scores = context.values
    order = np.argsort(scores if context.maximize else -scores, kind="stable")
    order = order[alive[order]]
    if len(order) > MOST_LINES:
        order = order[np.linspace(0, len(order) - 1, MOST_LINES).round().astype(int)]
    return np.asarray(order)


def logarithmic(context: Context, name: str) -> bool:
    """Whether an axis is logarithmic: sampled so, or spanning more than about 1.5 decades.

    Exact zeros among logarithmic draws have a place of their own.
    """
    values = finite(context.frames.trials[name]).dropna()
    declared = context.frames.declared(name)
    if getattr(declared, "zero", None):
        values = values[values > 0]
    drawn = "log" in str(getattr(declared, "distribution", ""))
    return bool(len(values) and values.min() > 0 and (drawn or values.max() > 30 * values.min()))


def parameter_axis(context: Context, trials: pd.DataFrame, name: str) -> Axis:
    """The axis of a parameter: a scale for a number with many values, else one place per value."""
    t, column = context.t, trials[name]
    heading = context.heading(name)
    if numeric(column) and column.nunique() > FEW_VALUES:
        none = shown(None, t, context.frames, name)
        return _scale(heading, finite(column), logarithmic(context, name), none)
    values = levels(context.frames, name)
    index = {value: i for i, value in enumerate(values)}
    raw = np.array([index[plain(v)] for v in column], dtype=float)
    step = 1 / max(len(values) - 1, 1)
    jitter = 0.22 * step * _spread(len(raw))
    room = 0.12 * step if len(values) > 1 else 0.0
    places = room + (1 - 2 * room) * (raw * step + jitter)
    labels = [short(shown(value, t, context.frames, name), 16) for value in values]
    ticks = [(room + (1 - 2 * room) * i * step, label) for i, label in enumerate(labels)]
    return Axis(heading, places, ticks)


def _spread(count: int) -> NDArray[np.float64]:
    """Numbers in [-0.5, 0.5) that fill it evenly, the same in every run."""
    return np.asarray((np.arange(count) * 0.6180339887) % 1 - 0.5)


def _scale(heading: str, column: "pd.Series[float]", log: bool, none: str) -> Axis:
    zero = (column == 0).to_numpy() & log
    known = column.dropna()
    known = known[known > 0] if log else known
    column = column.where(~zero)
    values = np.log10(column.to_numpy()) if log else column.to_numpy()
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    places = ((values - low) / (high - low)).astype(np.float64)
    ticks = [(0.0, number(float(known.min()))), (1.0, number(float(known.max())))]
    inner: Any = np.arange(np.ceil(low), high) if log else MaxNLocator(4).tick_values(low, high)
    for tick in inner:
        place = float((tick - low) / (high - low))
        if 0.09 < place < 0.91:
            ticks.append((place, number(10**tick if log else float(tick))))
    for mask, label in ((zero, "0"), (np.isnan(places) & ~zero, none)):
        if mask.any():  # zero, then None: places of their own below the scale
            places = np.where(mask, 0.0, 0.15 + 0.85 * places)
            ticks = [(0.0, label), *((0.15 + 0.85 * p, text) for p, text in ticks)]
    return Axis(heading, places, ticks)


def _score_axis(metric: str, scores: NDArray[np.float64]) -> Axis:
    low, high = float(scores.min()), float(scores.max())
    span = (high - low) or 1.0
    places = (scores - low) / span if high > low else np.full(len(scores), 0.5)
    ticks = [
        (float((v - low) / span), f"{v:.3g}")
        for v in MaxNLocator(6).tick_values(low, high)
        if low <= v <= high and high > low
    ] or [(0.5, f"{low:.3g}")]
    return Axis(metric, places, ticks)


def _draw(context: Context, title: str, axes: list[Axis], scores: NDArray[np.float64]) -> Figure:
    width = max(7.0, 1.15 * len(axes))
    figure = sheet(context.foot, title, height=3.3, width=width)
    # Names of a program may have any length; the colour bar takes a tenth of the width.
    letters = int(LETTERS * 0.9 * width / (len(axes) - 0.2)) if context.of_program else None
    ax = figure.add_subplot()
    at = np.arange(len(axes))
    points = np.column_stack([axis.places for axis in axes])
    norm = _norm(scores, context.maximize)
    cmap = colormaps[SEQUENCE if context.maximize else f"{SEQUENCE}_r"]
    lines = LineCollection(
        [np.column_stack((at, row)) for row in points],
        colors=cmap(norm(scores)),
        linewidths=1.3 if len(points) < 60 else 0.8,
        alpha=float(np.clip(150 / len(points), 0.35, 0.9)),
        rasterized=len(points) > 60,
    )
    ax.add_collection(lines)
    for place, axis in zip(at, axes, strict=True):
        _vertical(ax, float(place), axis, bool(place == at[-1]), letters)
    ax.set_xlim(-0.35, at[-1] + 0.45)
    ax.set_ylim(-0.06, 1.06)
    ax.set_axis_off()
    figure.colorbar(
        ScalarMappable(norm, cmap),
        ax=ax,
        label=axis_text(context.metric_heading),
        pad=0.01,
        aspect=30,
    )
    return figure


def _norm(scores: NDArray[np.float64], maximize: bool) -> Normalize:
    """Colours from the worst tenth to the best, so that a few failures do not take them all."""
    low, high = float(scores.min()), float(scores.max())
    if maximize:
        low = float(np.quantile(scores, 0.1))
    else:
        high = float(np.quantile(scores, 0.9))
    return Normalize(low, high if high > low else low + 1e-9, clip=True)


def _vertical(ax: Axes, place: float, axis: Axis, last: bool, letters: int | None) -> None:
    ax.plot([place, place], [0, 1], color=INK, lw=0.9)
    name = axis.name
    if letters is not None:
        name = "\n".join(wrapped(short(name, 4 * letters - 6), letters))
    ax.text(place, 1.075, name, ha="center", va="bottom", size=7.5, weight="bold")
    for y, label in axis.ticks:
        ax.plot([place, place + 0.025], [y, y], color=SOFT, lw=0.8)
        ax.text(
            place + 0.04,
            y,
            label,
            size=6.5,
            va="center",
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6},
            zorder=5,
            weight="bold" if last else "normal",
        )


FIGURES.register("parallel", FigureKind(70, parallel, words=WORDS))
