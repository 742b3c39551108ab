"""Settings as points: score against trained parameters, or against training time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from tune_mc1.config.architectures import ARCHITECTURES
from tune_mc1.config.layer_sizes import layer_sizes
from tune_mc1.data.source import SOURCES
from tune_mc1.reporting.drawing import published_outcomes
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.groups import levels
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.style import SOFT, colors, marker
from tune_mc1.reporting.words.catalogue import number

Shape = tuple[int, int, int]
Kind = Literal["weights", "seconds"]


@dataclass(frozen=True)
class Point:
    """A setting.

    Attributes:
        model: Its model; empty for a program.
        weights: Number of trained parameters; nan if the shape of the images is not known.
        scores: Score of each run.
        seconds: Training time of each run.
    """

    model: str
    weights: float
    scores: NDArray[np.float64]
    seconds: NDArray[np.float64]


def image_shape(context: Context) -> Shape | None:
    """Channels, height and width of the sweep's images; None if they are not known."""
    if context.own_images is not None:
        return context.own_images.image_shape
    for source in (context.frames.facts, context.frames.provenance.get("data_set", {})):
        found: Any = source.get("image_shape")
        if found is not None:
            channels, height, width = found
            return int(channels), int(height), int(width)
    name = str(context.frames.facts.get("data"))
    fixed = (source for source in SOURCES.values() if source.fixed)
    return next((s.usual_shape for s in fixed if name.startswith(s.name)), None)


def settings(context: Context, shape: Shape | None = None) -> list[Point]:
    """The settings that have a score; their trained parameters need the shape of the images."""
    trials = context.frames.trials
    classes = len(context.frames.facts.get("classes") or ()) or 10
    scores = context.values
    seconds = trials["seconds"].to_numpy().astype(np.float64)
    order = np.argsort(context.hashes, kind="stable")
    ends = np.flatnonzero(np.diff(context.hashes[order])) + 1
    points = []
    models, norms = [""] * len(trials), [False] * len(trials)
    if not context.of_program:
        models, norms = trials["model"].tolist(), trials["batch_norm"].tolist()
    tuned = bool(context.frames.facts.get("parameters"))  # layers other than the registered
    for rows in np.split(order, ends):
        there = rows[np.isfinite(scores[rows])]
        if len(there):
            model, norm = models[rows[0]], norms[rows[0]]
            weights = np.nan
            known = model in ARCHITECTURES and ARCHITECTURES[model].sized and not tuned
            if shape is not None and known:
                sizes = layer_sizes(model, shape, classes, norm is True)
                weights = float(sum(layer.weights for layer in sizes))
            points.append(Point(model, weights, scores[there], seconds[there]))
    return points


def bars_note(context: Context, points: list[Point]) -> str:
    """The part of a caption on the lines at points, where settings have several runs."""
    return context.t("cost_bars") if any(len(p.scores) > 1 for p in points) else ""


def scatter(
    context: Context,
    title: str,
    points: list[Point],
    kind: Kind,
    label: str,
    add: Callable[[Axes], None] = lambda _: None,
) -> Figure:
    """A figure with all settings, each model in its colour, on a logarithmic x axis.

    Args:
        context: The sweep.
        title: The line above.
        points: The settings.
        kind: What the x axis shows; `weights` adds published accuracies.
        label: Label of the x axis.
        add: Adds more to the axes, before they get their legend.
    """
    t = context.t
    figure = sheet(context.foot, title, height=3.2)
    ax = figure.add_subplot()
    ax.set_xscale("log")
    order = [""] if context.of_program else levels(context.frames, "model")
    tones = dict(zip(order, colors(len(order), ordered=False), strict=True))
    for place, model in enumerate(order):
        own = [p for p in points if p.model == model]
        if kind == "weights":
            own = [p for p in own if np.isfinite(p.weights)]
        if own:
            _model(ax, own, kind, model, tones[model], marker(place))
        outcome = published_outcomes.by_value(context, "model", model)
        if kind == "weights" and own and outcome is not None:
            ax.plot([own[0].weights], [outcome.val_acc], ls="", marker=marker(place), ms=6.5,
                    mfc="white", mec=tones[model], mew=1.2, label="_reference")  # fmt: skip
    add(ax)
    ax.set_xlabel(label)
    ax.set_ylabel(context.metric_heading)
    plain_log(ax)
    if any(line.get_label() == "_reference" for line in ax.get_lines()):
        ax.plot([], [], ls="", marker="o", mfc="white", mec=SOFT, label=t("reference"))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def _model(ax: Axes, own: list[Point], kind: Kind, name: str, color: str, shape: str) -> None:
    """A model's settings: small where there are many, each with the range of its runs."""
    y = np.array([p.scores.mean() for p in own])
    low, high = (np.array([f(p.scores) for p in own]) for f in (np.min, np.max))
    if kind == "weights":
        # Settings of one model stand side by side, within 4 % of their number of parameters.
        shift = (np.arange(len(own)) * 0.6180339887) % 1 - 0.5 if len(own) > 1 else np.zeros(1)
        x = np.array([p.weights for p in own]) * (1 + 0.08 * shift)
    else:
        x = np.array([p.seconds.mean() for p in own])
    several = high > low
    many = len(own) > 12
    ax.vlines(x[several], low[several], high[several], color=color, lw=0.9, alpha=0.6)
    ax.plot(x, y, ls="", marker=shape, ms=3 if many else 5, color=color, alpha=0.6 if many else 1,
            mec="white", mew=0.3, label=name or "_settings", rasterized=len(own) > 100)  # fmt: skip


def plain_log(ax: Axes) -> None:
    """Labels of a logarithmic x axis as plain numbers, also over less than a decade."""
    low, high = ax.get_xlim()
    wide = high / low > 30
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: thousands(v)))
    ax.xaxis.set_minor_formatter(NullFormatter())


def thousands(value: float) -> str:
    """A number with k and M, such as 20k."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{number(value / size)}{unit}"
    return number(value)
