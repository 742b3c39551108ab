"""What accuracy costs: score against parameters of the model, and against training time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from tune_mc1.config.architectures import ARCHITECTURES, layer_sizes
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import SOURCES
from tune_mc1.reporting.figures import published_outcomes
from tune_mc1.reporting.figures.context import Context
from tune_mc1.reporting.figures.groups import levels
from tune_mc1.reporting.figures.sheet import sheet
from tune_mc1.reporting.figures.spec import FigureSpec
from tune_mc1.reporting.figures.style import INK, SOFT, colors, marker
from tune_mc1.reporting.words.figure_texts import capital, number

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Point:
    """A setting.

    Attributes:
        model: Its model.
        weights: Trained parameters; nan if the size of the images is not known.
        scores: Score of each run.
        seconds: Training time of each run.
    """

    model: str
    weights: float
    scores: NDArray[np.float64]
    seconds: NDArray[np.float64]


def image_shape(context: Context, data: ImageData | None) -> Shape | None:
    """Channels, height and width of the sweep's images; None if nothing tells."""
    if data is not None:
        return data.image_shape
    for source in (context.frames.facts, context.frames.provenance.get("data_set", {})):
        found: Any = source.get("image_shape")
        if found is not None:
            channels, height, width = found
            return int(channels), int(height), int(width)
    name = str(context.frames.facts.get("data"))
    fixed = (source for source in SOURCES.values() if source.fixed)
    return next((s.usual_shape for s in fixed if name.startswith(s.name)), None)


def settings(context: Context, shape: Shape | None) -> list[Point]:
    """The settings that have a score."""
    trials = context.frames.trials
    classes = len(context.frames.facts.get("classes") or ()) or 10
    scores = context.values
    seconds = trials["seconds"].to_numpy().astype(np.float64)
    order = np.argsort(context.hashes, kind="stable")
    ends = np.flatnonzero(np.diff(context.hashes[order])) + 1
    points = []
    models, norms = trials["model"].tolist(), trials["batch_norm"].tolist()
    for rows in np.split(order, ends):
        there = rows[np.isfinite(scores[rows])]
        if len(there):
            model, norm = models[rows[0]], norms[rows[0]]
            weights = np.nan
            if shape is not None and model in ARCHITECTURES:
                sizes = layer_sizes(model, shape, classes, norm is True)
                weights = float(sum(layer.weights for layer in sizes))
            points.append(Point(model, weights, scores[there], seconds[there]))
    return points


def cost_figures(context: Context, points: list[Point]) -> Iterator[FigureSpec]:
    """Score against parameters where models differ in them, and against training time."""
    t = context.t
    spread = any(len(p.scores) > 1 for p in points)
    bars = t("cost_bars") if spread else ""
    if len({p.weights for p in points if np.isfinite(p.weights)}) > 1:
        title = capital(t("parameters_title", metric=context.metric))
        caption = t("parameters_caption", metric=context.metric, bars=bars)
        models = dict.fromkeys(p.model for p in points)
        published = {m: published_outcomes.by_value(context, "model", m) for m in models}
        if any(published.values()):
            caption += (
                " " + t("reference_points", source=published_outcomes.source(context)).strip()
            )

        def draw_parameters() -> Figure:
            return _draw(context, title, points, "weights")

        yield FigureSpec("accuracy_parameters", title, capital(caption), draw_parameters)
    if len(points) > 1 and all(p.seconds.max(initial=0) > 0 for p in points):
        heading = capital(t("time_title", metric=context.metric))
        caption = t("time_caption", metric=context.metric, bars=bars)
        if (context.frames.trials["state"] == "stopped").any():
            caption += " " + t("stopped_count")
        if int(context.frames.trials["fused"].max() or 1) > 1:
            caption += " " + t("time_fused")

        def draw_time() -> Figure:
            return _draw(context, heading, points, "seconds")

        yield FigureSpec("accuracy_time", heading, capital(caption), draw_time)


def _draw(context: Context, title: str, points: list[Point], kind: str) -> Figure:
    t = context.t
    figure = sheet(context.foot, title, height=3.2)
    ax = figure.add_subplot()
    ax.set_xscale("log")
    order = levels(context.frames, "model")
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
    if kind == "seconds":
        _front(ax, points, context.maximize, t("front"))
    ax.set_xlabel(t("weights_axis") if kind == "weights" else t("seconds_axis"))
    ax.set_ylabel(capital(context.metric))
    plain_log(ax)
    if any(line.get_label() == "_reference" for line in ax.get_lines()):
        ax.plot([], [], ls="", marker="o", mfc="white", mec=SOFT, label=t("reference"))
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def _model(ax: Axes, own: list[Point], kind: str, name: str, color: str, shape: str) -> None:
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
            mec="white", mew=0.3, label=name, rasterized=len(own) > 100)  # fmt: skip


def _front(ax: Axes, points: list[Point], maximize: bool, label: str) -> None:
    """The best score that a time bought: a step at each setting better than all faster ones."""
    known = sorted((float(p.seconds.mean()), float(p.scores.mean())) for p in points)
    steps: list[tuple[float, float]] = []
    for x, y in known:
        if not steps or (y > steps[-1][1] if maximize else y < steps[-1][1]):
            steps.append((x, y))
    end = known[-1][0]
    if len(steps) > 1:
        xs, ys = zip(*steps, (end, steps[-1][1]), strict=True)
        ax.step(xs, ys, where="post", color=INK, lw=0.8, ls=":", label=label, zorder=1)


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
