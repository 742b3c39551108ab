"""The single-batch check: can the model learn a few batches by heart?"""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.figures.context import Context, name_of
from tune_mc1.reporting.figures.groups import Group, grouping
from tune_mc1.reporting.figures.mean_lines import Drawn, add_mean, caption_parts, place_legend
from tune_mc1.reporting.figures.means import band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.figures.sheet import sheet
from tune_mc1.reporting.figures.spec import FigureSpec
from tune_mc1.reporting.figures.style import BLUE, epoch_axis, metric_limits
from tune_mc1.reporting.words.figure_texts import capital

KINDS = ("train_loss", "train_acc")


def is_check(context: Context) -> bool:
    """Whether every trial trains on a few batches only."""
    batches = context.frames.trials["overfit_batches"]
    return bool(len(batches) and (batches > 0).all())


def single_batch_figure(context: Context) -> Iterator[FigureSpec]:
    """Training loss and accuracy by the first parameter that varies."""
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
    for matrix in curves:
        rows = [unit_curves(context, matrix, g.mask, unit) for g in groups]
        band = band_of(unit, [len(r) for r in rows])
        panels.append(
            [
                Drawn(f"{g.label} (n = {len(r)})", mean_curve(r, band, matrix[g.mask]), g.color)
                for g, r in zip(groups, rows, strict=True)
            ]
        )
    title = t("single_batch_title")
    parts = caption_parts(context, panels[0], band, unit)
    caption = t("single_batch_caption", band=parts["band"])
    heading = name_of(found.parameter, t) if found else None

    def draw() -> Figure:
        figure = sheet(context.foot, title, height=2.9, width=8.2)
        axes: Sequence[Axes] = figure.subplots(1, 2)
        for ax, kind, drawn in zip(axes, KINDS, panels, strict=True):
            for i, each in enumerate(drawn):
                add_mean(ax, each, i, len(drawn))
            ax.set_ylabel(capital(t(kind)))
            metric_limits(ax, kind, [d.curve.mean for d in drawn], t("cut"))
            epoch_axis(ax, len(drawn[0].curve.mean), capital(t("epoch")))
        handles = [h for h in axes[1].get_lines() if not str(h.get_label()).startswith("_")]
        place_legend(axes[1], handles, heading)
        return figure

    yield FigureSpec("single_batch", title, capital(caption), draw)
