"""Numbers of a statistic as figures: importance of parameters, and marginal means."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.figures import published_outcomes
from tune_mc1.reporting.figures.context import Context, Foot, name_of
from tune_mc1.reporting.figures.groups import shown
from tune_mc1.reporting.figures.sheet import sheet
from tune_mc1.reporting.figures.spec import FigureSpec
from tune_mc1.reporting.figures.style import BLUE, FAINT, INK, SOFT, VERMILION, short
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.words.figure_texts import capital, number
from tune_mc1.reporting.words.page_texts import Lang

MOST_PANELS = 8
HOLLOW: Any = {
    "ls": "",
    "marker": "D",
    "ms": 5,
    "mfc": "white",
    "mec": VERMILION,
    "mew": 1.2,
    "zorder": 4,
}
"""A published value."""


@dataclass(frozen=True)
class Bar:
    """The importance of a parameter.

    Attributes:
        parameter: Its name.
        value: Its importance.
        low: Lower end of its interval; nan without.
        high: Upper end.
        correlation: With the score, in [-1, 1]; nan for a parameter that is no number.
    """

    parameter: str
    value: float
    low: float = math.nan
    high: float = math.nan
    correlation: float = math.nan


@dataclass(frozen=True)
class Mean:
    """The mean score of a parameter's value.

    Attributes:
        value: The value, or a pair: the ends of an interval of values.
        mean: The mean; nan without any trial.
        low: Lower end of its interval; nan without.
        high: Upper end.
        n: Settings that it is over.
    """

    value: Any
    mean: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0


def importance_figure(
    frames: SweepFrames, lang: Lang, bars: Sequence[Bar], note: str = "", warning: str = ""
) -> FigureSpec | None:
    """Bars of importance with intervals, and beside them the sign of the correlation.

    Args:
        frames: The sweep.
        lang: Language of all words.
        bars: A row a parameter, the most important first.
        note: What the caption adds: how importance was worked out.
        warning: Why it is not to be relied on; it stands on the figure. Empty if it is.

    Returns:
        None without a finite value.
    """
    known = [bar for bar in bars if math.isfinite(bar.value)]
    if not known:
        return None
    context = Context(frames, lang)
    t, foot = context.t, context.foot
    title = t("importance_title", metric=context.metric)
    foot = Foot(foot.notes, (*foot.warnings, warning) if warning else foot.warnings)

    def draw() -> Figure:
        figure = sheet(foot, title, height=0.75 + 0.3 * len(known))
        left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": (3, 1.4)})
        _bars(left, [(b.value, b.low, b.high) for b in known], faint=bool(warning))
        _correlations(right, known)
        left.set_yticks(range(len(known)), [name_of(b.parameter, t) for b in known])
        left.set_ylim(len(known) - 0.4, -0.6)
        left.set_xlabel(capital(t("importance")))
        right.set_xlabel(capital(t("correlation")))
        return figure

    caption = " ".join(filter(None, [t("importance_caption", metric=context.metric), note]))
    return FigureSpec("importance", title, capital(caption), draw)


def _bars(ax: Axes, rows: Sequence[tuple[float, float, float]], faint: bool) -> None:
    places = np.arange(len(rows))
    values = np.array([value for value, _, _ in rows])
    face = FAINT if faint else BLUE
    ax.barh(places, values, height=0.62, color=face, edgecolor=SOFT if faint else BLUE, lw=0.6)
    for place, (value, low, high) in zip(places, rows, strict=True):
        if math.isfinite(low) and math.isfinite(high):
            ax.errorbar([value], [place], xerr=[[max(value - low, 0)], [max(high - value, 0)]],
                        color=INK, lw=1, capsize=2.5)  # fmt: skip
    ax.axvline(0, color=SOFT, lw=0.8)
    ax.grid(visible=False, axis="y")


def _correlations(ax: Axes, bars: Sequence[Bar]) -> None:
    """Bars from zero: blue to the right for a positive one, hatched red to the left."""
    for place, bar in enumerate(bars):
        if not math.isfinite(bar.correlation):
            ax.text(0, place, "–", ha="center", va="center", color=SOFT)
            continue
        up = bar.correlation >= 0
        face, edge, hatch = (BLUE, BLUE, "") if up else ("white", VERMILION, "////")
        ax.barh([place], [bar.correlation], 0.62, color=face, edgecolor=edge, hatch=hatch, lw=0.8)
        side = 0.06 if up else -0.06
        text = f"{bar.correlation:+.2f}".replace("-", "−")
        ax.text(bar.correlation + side, place, text, va="center", ha="left" if up else "right",
                size=6.5)  # fmt: skip
    ax.set_xlim(-1.45, 1.45)
    ax.set_xticks([-1, 0, 1], ["−1", "0", "1"])
    ax.axvline(0, color=SOFT, lw=0.8)
    ax.grid(visible=False, axis="y")


def marginal_figure(
    frames: SweepFrames, lang: Lang, panels: Mapping[str, Sequence[Mean]], note: str = ""
) -> FigureSpec | None:
    """Marginal means with intervals, a panel a parameter; published means hollow.

    Args:
        frames: The sweep.
        lang: Language of all words.
        panels: Parameter to its values in their order.
        note: What the caption adds: how intervals came about.

    Returns:
        None without a parameter that has two means.
    """
    known = {name: [m for m in means if math.isfinite(m.mean)] for name, means in panels.items()}
    known = dict([(n, m) for n, m in known.items() if len(m) > 1][:MOST_PANELS])
    if not known:
        return None
    context = Context(frames, lang)
    t = context.t
    title = t("marginal_title", metric=context.metric)
    published = any(_published(context, n, m) is not None for n, ms in known.items() for m in ms)
    across = min(len(known), {2: 2, 4: 2}.get(len(known), 4 if len(known) > 6 else 3))
    down = -(-len(known) // across)

    def draw() -> Figure:
        figure = sheet(context.foot, title, height=2.5 * down)
        axes = figure.subplots(down, across, squeeze=False, sharey=True)
        for place, ax in enumerate(axes.flat):
            if place >= len(known):
                ax.set_visible(False)
                continue
            name = list(known)[place]
            _panel(context, ax, name, known[name])
            if place % across == 0:
                ax.set_ylabel(capital(context.metric))
        if published:
            axes[0, -1].plot([], [], **HOLLOW, label=t("reference"))
            axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return figure

    caption = t("marginal_caption", metric=context.metric)
    if published:
        caption += " " + t("marginal_reference", source=published_outcomes.source(context))
    return FigureSpec("marginal_means", title, " ".join(filter(None, [caption, note])), draw)


def _published(context: Context, name: str, mean: Mean) -> float | None:
    outcome = None
    if not isinstance(mean.value, tuple):
        outcome = published_outcomes.by_value(context, name, mean.value)
    return None if outcome is None else outcome.val_acc


def _panel(context: Context, ax: Axes, name: str, means: Sequence[Mean]) -> None:
    t = context.t
    places = np.arange(len(means))
    y = np.array([m.mean for m in means])
    for place, m in zip(places, means, strict=True):
        if math.isfinite(m.low) and math.isfinite(m.high):
            ax.vlines(place, m.low, m.high, color=BLUE, lw=1.6)
        published = _published(context, name, m)
        if published is not None:
            ax.plot([place], [published], **HOLLOW, label="_reference")
    ax.plot(places, y, ls="", marker="o", ms=5, color=BLUE, label="_means")
    labels = [
        "–".join(number(float(v), 2) for v in m.value)
        if isinstance(m.value, tuple)
        else short(shown(m.value, t), 16)
        for m in means
    ]
    tilted = sum(len(label) for label in labels) > 34
    ends = [f" (n = {m.n})" if tilted else f"\nn = {m.n}" for m in means]
    labels = [label + end for label, end in zip(labels, ends, strict=True)]
    ax.set_xticks(places, labels, rotation=40 if tilted else 0, ha="right" if tilted else "center",
                  size=6.5, rotation_mode="anchor" if tilted else "default")  # fmt: skip
    ax.set_xlim(-0.5, len(means) - 0.5)
    ax.grid(visible=False, axis="x")
    ax.set_title(name_of(name, t), loc="left")
