"""The single-batch check: can the model overfit a few batches?"""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.groups import Group, grouping
from tune_mc1.reporting.drawing.mean_curves import band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.drawing.mean_lines import (
    Drawn,
    add_mean,
    caption_parts,
    labelled,
    place_legend,
)
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, epoch_axis, metric_limits
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind, LeftOut
from tune_mc1.reporting.words.catalogue import Catalogue, capital

WORDS: Catalogue = {
    "title": (
        "Single-batch check: can the model overfit it?",
        "Ein Batch zur Probe: lässt er sich auswendig lernen?",
    ),
    "caption": (
        "Training loss and accuracy on the same few images in every epoch{band}. A sound model and "
        "training loop drive the loss towards zero, given enough epochs.",
        "Trainingsverlust und Trainingsgenauigkeit auf denselben wenigen Bildern in jeder "
        "Epoche{band}. Ein taugliches Modell mit tauglicher Trainingsschleife bringt den Verlust "
        "gegen null, wenn die Epochen reichen.",
    ),
    "left_out": (
        "Only the training on the single batch is shown: validation scores of such a sweep are "
        "meaningless.",
        "Gezeigt ist nur das Training auf dem einen Batch: Validierungswerte eines solchen Sweeps "
        "bedeuten nichts.",
    ),
}

KINDS = ("train_loss", "train_acc")


def single_batch(context: Context) -> Iterator[FigureSpec | LeftOut]:
    """Yields training loss and accuracy by the first parameter that varies."""
    yield LeftOut(context.t("left_out"))
    t, trials = context.t, context.frames.trials
    names = sorted(context.frames.varied, key=lambda n: n != "weights_init_type")
    found = next((g for n in names if (g := grouping(context.frames, n, t)) is not None), None)
    whole = Group(context.frames.name, None, np.ones(len(trials), dtype=bool), BLUE)
    groups = found.groups if found else (whole,)
    curves = [context.curves(kind) for kind in KINDS]
    groups = tuple(g for g in groups if all(np.isfinite(c[g.mask]).any() for c in curves))
    if not groups:
        return
    unit = unit_of(context, [g.mask for g in groups])
    panels = []
    for kind, matrix in zip(KINDS, curves, strict=True):
        limits = context.limits_of(kind)
        rows = [unit_curves(context, matrix, g.mask, unit) for g in groups]
        band = band_of(unit, [len(r) for r in rows])
        panels.append(
            [
                Drawn(
                    f"{g.label} (n = {len(r)})",
                    mean_curve(r, band, matrix[g.mask], limits),
                    g.color,
                )
                for g, r in zip(groups, rows, strict=True)
            ]
        )
    title = t("title")
    parts = caption_parts(context, panels[0], band, unit)
    caption = t("caption", band=parts["band"])
    heading = context.heading(found.parameter) if found else None

    def draw() -> Figure:
        figure = sheet(context.foot, title, height=2.9, width=8.2)
        axes: Sequence[Axes] = figure.subplots(1, 2)
        for ax, kind, drawn in zip(axes, KINDS, panels, strict=True):
            for i, each in enumerate(drawn):
                add_mean(ax, each, i, len(drawn))
            ax.set_ylabel(context.heading(kind))
            metric_limits(ax, kind, [d.curve.mean for d in drawn], t("cut"))
            epoch_axis(ax, len(drawn[0].curve.mean), capital(t("epoch")))
        place_legend(axes[1], labelled(axes[1]), heading)
        return figure

    yield FigureSpec("single_batch", title, capital(caption), draw)


def is_check(context: Context) -> bool:
    """Whether the sweep is such a check."""
    return context.single_batch


FIGURES.register(
    "single_batch", FigureKind(0, single_batch, applies=is_check, words=WORDS, training_only=True)
)
