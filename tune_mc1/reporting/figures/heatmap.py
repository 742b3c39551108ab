"""Heat map: the mean score by two parameters, and by model where several were tried."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.groups import Grouping, grouping
from tune_mc1.reporting.drawing.sheet import WIDTH, sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import SEQUENCE, SOFT, axis_text, ink_on, short
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue

WORDS: Catalogue = {
    "title": ("{metric} by {rows} and {columns}", "{metric} nach {rows} und {columns}"),
    "caption": (
        "Mean {metric} at each trial's best epoch, by {rows} and {columns}, ± the standard "
        "deviation over the cell's n trials, which may differ in other parameters.",
        "{metric} (Mittel) in der besten Epoche jedes Trials, nach {rows} und {columns}, ± die "
        "Standardabweichung über die n Trials der Zelle, die sich in anderen Parametern "
        "unterscheiden können.",
    ),
    "quantiles": (
        "Continuous parameters are divided into groups of equal size.",
        "Stetige Parameter sind in gleich grosse Gruppen geteilt.",
    ),
    "panels": ("One panel per model.", "Ein Feld pro Modell."),
}

FIRST = ("learning_rate", "batch_size", "weight_decay", "dropout_p")
"""Parameters that are preferred, in this order."""
MOST_PANELS = 6


def heatmap(context: Context) -> Iterator[FigureSpec]:
    """Yields the heat map of the two preferred parameters, with one panel per model."""
    trials, t = context.frames.trials, context.t
    apart = () if context.of_program else ("epochs", "device")
    varied = [n for n in context.frames.varied if n not in apart]
    first = _first(context)
    ranked = sorted(varied, key=lambda n: first.index(n) if n in first else len(first))
    found = [
        g for n in ranked if (g := grouping(context.frames, n, t)) is not None and len(g.groups) > 1
    ]
    found = sorted(found, key=lambda g: g.parameter == "model")[:2]
    if len(found) < 2 or not context.scores.notna().any():
        return
    rows, columns = found
    panels: list[tuple[str, NDArray[np.bool_]]] = [("", np.ones(len(trials), dtype=bool))]
    models = grouping(context.frames, "model", t) if "model" in context.frames.varied else None
    if models is not None and "model" not in (rows.parameter, columns.parameter):
        panels = [(g.label, g.mask) for g in models.groups][:MOST_PANELS]
    cells = [cell_table(context, rows, columns, mask) for _, mask in panels]
    if not any(np.isfinite(means).sum() > 1 for means, _, _ in cells):
        return
    names = {"rows": context.label(rows.parameter), "columns": context.label(columns.parameter)}
    title = context.sentence(t("title", metric=context.metric, **names))
    caption = t("caption", metric=context.metric, **names)
    if rows.quantiles or columns.quantiles:
        caption += " " + t("quantiles")
    if context.stopped:
        caption += " " + t("stopped_count")
    if len(panels) > 1:
        caption += " " + t("panels")

    def draw() -> Figure:
        return _draw(context, title, (rows, columns), [p for p, _ in panels], cells)

    yield FigureSpec(
        f"heatmap_{rows.parameter}_{columns.parameter}", title, context.sentence(caption), draw
    )


def _first(context: Context) -> Sequence[str]:
    """The parameters that are preferred: of a program the most important ones."""
    if not context.of_program:
        return FIRST
    return (
        [row.parameter for row in context.statistics.importance.rows] if context.statistics else ()
    )


Cells = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def cell_table(
    context: Context, rows: Grouping, columns: Grouping, mask: NDArray[np.bool_]
) -> Cells:
    """Mean, standard deviation and number of the trials' scores in each cell.

    Args:
        context: The sweep.
        rows: Groups down.
        columns: Groups across.
        mask: Which trials.

    Returns:
        Three arrays (rows, columns). The mean is nan without a trial, the deviation below two.
    """
    shape = (len(rows.groups), len(columns.groups))
    means, sds = np.full(shape, np.nan), np.full(shape, np.nan)
    counts = np.zeros(shape, dtype=np.int64)
    scores = context.values
    for i, row in enumerate(rows.groups):
        for j, column in enumerate(columns.groups):
            found = scores[mask & row.mask & column.mask]
            found = found[np.isfinite(found)]
            counts[i, j] = len(found)
            if len(found):
                means[i, j] = found.mean()
            if len(found) > 1:
                sds[i, j] = found.std(ddof=1)
    return means, sds, counts


def _draw(
    context: Context,
    title: str,
    sides: tuple[Grouping, Grouping],
    heads: list[str],
    cells: list[Cells],
) -> Figure:
    rows, columns = sides
    wide = len(columns.groups) > 4 or len(heads) in (2, 4)
    across = min(len(heads), 2 if wide else 3)
    down = -(-len(heads) // across)
    narrow = (WIDTH - 2.2) / across / len(columns.groups) < 0.8  # inches
    height = down * (0.75 + (0.52 if narrow else 0.42) * len(rows.groups))
    figure = sheet(context.foot, title, height=max(height, 2.2))
    axes = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    everything = np.concatenate([means[np.isfinite(means)] for means, _, _ in cells])
    low, high = float(everything.min()), float(everything.max())
    norm = Normalize(low, high if high > low else low + 1e-9)
    cmap = colormaps[SEQUENCE if context.maximize else f"{SEQUENCE}_r"]
    for place, ax in enumerate(axes.flat):
        if place >= len(heads):
            ax.set_visible(False)
            continue
        _panel(ax, cells[place], norm, cmap, narrow, context.frames.decimals(3))
        ax.set_title(short(heads[place], 24), loc="left")
        ax.set_xticks(range(len(columns.groups)), [short(g.label, 16) for g in columns.groups])
        ax.set_yticks(range(len(rows.groups)), [short(g.label, 20) for g in rows.groups])
        if len(columns.groups) > 5 or (across > 2 and columns.quantiles):
            ax.tick_params(axis="x", rotation=35)
        if place % across == 0:
            ax.set_ylabel(axis_text(context.heading(rows.parameter), 28))
        if place + across >= len(heads):
            ax.set_xlabel(axis_text(context.heading(columns.parameter), 60 // across))
            ax.tick_params(axis="x", labelbottom=True)
    figure.colorbar(
        ScalarMappable(norm, cmap),
        ax=list(axes.flat),
        label=axis_text(context.metric_heading),
        pad=0.02,
    )
    return figure


def _panel(ax: Axes, cells: Cells, norm: Normalize, cmap: Any, narrow: bool, digits: int) -> None:
    means, sds, counts = cells
    ax.imshow(means, cmap=cmap, norm=norm, aspect="auto")
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0, which="both")
    ax.set_xticks(np.arange(1, means.shape[1]) - 0.5, minor=True)
    ax.set_yticks(np.arange(1, means.shape[0]) - 0.5, minor=True)
    ax.grid(visible=True, which="minor", color="white", lw=1.5)
    ax.set_axisbelow(False)
    size = 6.5 if narrow else 8
    for (i, j), mean in np.ndenumerate(means):
        if not np.isfinite(mean):
            ax.text(j, i, "–", ha="center", va="center", color=SOFT)
            continue
        spread = f"± {sds[i, j]:.{digits}f}" if np.isfinite(sds[i, j]) else ""
        below = ("\n" if narrow else "  ").join(filter(None, (spread, f"n = {counts[i, j]}")))
        style: Any = {"ha": "center", "color": ink_on(cmap(norm(mean)))}
        top = i - (0.06 if narrow and spread else -0.02)
        ax.text(j, top - 0.05, f"{mean:.{digits}f}", va="bottom", size=size, **style)
        ax.text(j, top + 0.05, below, va="top", size=size - 1.5, **style)


FIGURES.register("heatmap", FigureKind(60, heatmap, words=WORDS))
