"""Training and validation curves of the best setting, which show where it begins to overfit."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tune_mc1.config.metrics import split_metric
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.groups import shown
from tune_mc1.reporting.drawing.mean_curves import MeanCurve, Unit, band_of, mean_curve, unit_curves
from tune_mc1.reporting.drawing.mean_lines import (
    Drawn,
    add_mean,
    labelled,
    limit_metric,
    place_legend,
)
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, ORANGE, SOFT, epoch_axis
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue, capital, count

WORDS: Catalogue = {
    "title": (
        "Training and validation of the best setting",
        "Training und Validierung der besten Einstellung",
    ),
    "caption": (
        "{metrics} of the best setting{setting} on training and validation images{band}. "
        "Where the two diverge, the model overfits its training images. Training values are "
        "measured while the weights still change within the epoch, with dropout if there is any, "
        "so they may be worse than those of validation.",
        "{metrics} der besten Einstellung{setting} auf Trainings- und "
        "Validierungsbildern{band}. Wo sie auseinandergehen, lernt das Modell die Trainingsbilder "
        "auswendig. Trainingswerte entstehen, während sich die Gewichte in der Epoche noch ändern, "
        "und mit Dropout, wo es ihn gibt, können also schlechter sein als jene der Validierung.",
    ),
    "program_caption": (
        "{metrics} of the best setting{setting}{band}. Where training and validation diverge, the "
        "model overfits its training data.",
        "{metrics} der besten Einstellung{setting}{band}. Wo Training und Validierung "
        "auseinandergehen, lernt das Modell seine Trainingsdaten auswendig.",
    ),
    "both": ("{a} and {b}", "{a} und {b}"),
    "training": ("training", "Training"),
    "validating": ("validation", "Validierung"),
}

SPLITS = re.compile(r"(train|training|val|valid|validation)([_/.-])(.+)")
MOST_PARAMETERS = 4


def setting_text(context: Context, winner: NDArray[np.bool_]) -> str:
    """The best setting in words, by the first of the parameters that the sweep varies."""
    row, names = context.frames.trials[winner].iloc[0], context.frames.varied
    words = [
        f"{context.label(n)} {shown(row[n], context.t, context.frames, n)}"
        for n in names[:MOST_PARAMETERS]
    ]
    return ", ".join(words) + (", …" if len(names) > MOST_PARAMETERS else "")


def overfitting(context: Context) -> Iterator[FigureSpec]:
    """Yields loss and metric of the best setting, on training and on validation images.

    Of a program it is the first two metrics that it logs for both.
    """
    winner, kinds = context.winner, kinds_of(context)
    if winner is None or not kinds:
        return
    t = context.t
    unit: Unit = "fold" if context.folds else "run"
    pairs: list[tuple[MeanCurve, MeanCurve]] = []
    for _, columns in kinds:
        rows = [unit_curves(context, context.curves(c), winner, "run") for c in columns]
        if not all(len(r) for r in rows):
            return
        band = band_of(unit, [len(r) for r in rows])
        limits = [context.limits_of(column) for column in columns]
        curves = [mean_curve(r, band, limits=own) for r, own in zip(rows, limits, strict=True)]
        pairs.append((curves[0], curves[1]))
    runs = len(rows[-1])
    title = t("title")
    caption = t(
        "program_caption" if context.of_program else "caption",
        metrics=_metrics(context, kinds),
        setting=f" ({words})" if (words := setting_text(context, winner)) else "",
        band=t(f"band_{band}", units=count(t, unit, runs), what=t("bands")),
    )
    best = context.frames.trials.loc[winner, "best_epoch"].dropna().to_numpy(float)

    def draw() -> Figure:
        figure = sheet(context.foot, title, height=2.9)
        axes: Sequence[Axes] = figure.subplots(1, len(kinds), squeeze=False)[0]
        for ax, (kind, _), pair in zip(axes, kinds, pairs, strict=True):
            _panel(context, ax, kind, pair, best)
        place_legend(axes[-1], labelled(axes[-1]))
        return figure

    yield FigureSpec(
        "overfitting", title, caption if context.of_program else capital(caption), draw
    )


def _metrics(context: Context, kinds: Sequence[tuple[str, tuple[str, str]]]) -> str:
    """The metrics in words, or as a program calls them."""
    if context.of_program:
        return ", ".join(name for _, columns in kinds for name in columns)
    return context.t("both", a=context.label(kinds[0][0]), b=context.label(kinds[1][0]))


def kinds_of(context: Context) -> list[tuple[str, tuple[str, str]]]:
    """The metrics that there are for training and validation, and the columns of both."""
    if not context.of_program:
        metric, history = context.frames.metric, context.frames.history
        chosen = metric.partition("_")[2] if split_metric(metric)[0] is not None else "acc"
        if chosen == "loss" or f"train_{chosen}" not in history:  # as that of `val_auroc`
            chosen = "acc"
        kinds = ("loss", chosen)
        return [(kind, (f"train_{kind}", f"val_{kind}")) for kind in kinds]
    found: dict[tuple[str, str], dict[bool, str]] = {}
    for column in context.frames.history:
        parts = SPLITS.fullmatch(str(column))
        if parts is not None:
            split, between, kind = parts.groups()
            found.setdefault((kind, between), {})[split.startswith("train")] = str(column)
    pairs = [(kind, p) for (kind, _), p in found.items() if len(p) == 2]
    return [(kind, (p[True], p[False])) for kind, p in pairs][:2]


def _panel(
    context: Context, ax: Axes, kind: str, pair: tuple[MeanCurve, MeanCurve], best: np.ndarray
) -> None:
    t = context.t
    labels = [(t("training"), ORANGE), (t("validating"), BLUE)]
    for i, (curve, (label, color)) in enumerate(zip(pair, labels, strict=True)):
        add_mean(ax, Drawn(label, curve, color), i, 2)
    limit_metric(context, ax, kind, [c.mean for c in pair])
    for i, epoch in enumerate(best if len(best) <= 3 else ()):
        label = t("best_epoch") if i == 0 else "_best"
        ax.axvline(epoch, color=SOFT, lw=0.8, ls=":", label=label, zorder=0)
    ax.set_ylabel(context.heading(kind))
    epoch_axis(ax, len(pair[0].mean), capital(t("epoch")))


FIGURES.register("overfitting", FigureKind(110, overfitting, words=WORDS))
