"""Learning curves by each parameter that varies."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing import published_outcomes
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.groups import Grouping, grouping
from tune_mc1.reporting.drawing.mean_curves import band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.drawing.mean_lines import Drawn, caption_parts, draw_means
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue

WORDS: Catalogue = {
    "title": ("Learning curves by {parameter}", "Lernkurven nach {parameter}"),
    "quantiles": (
        " (values divided into {n} groups of equal size)",
        " (Werte in {n} gleich grosse Gruppen geteilt)",
    ),
    "settings_differ": (
        "Settings also differ in the other parameters, so curves may lie close together even where "
        "the paired difference is clear. ",
        "Die Einstellungen unterscheiden sich auch in anderen Parametern; Kurven können darum nahe "
        "beieinanderliegen, wo der Unterschied in Paaren klar ist. ",
    ),
}


def curves_by_parameter(context: Context) -> Iterator[FigureSpec]:
    """Yields one figure per parameter that varies and has a few groups of values."""
    for parameter in context.frames.varied:
        found = grouping(context.frames, parameter, context.t)
        if found is not None:
            spec = _by_parameter(context, found)
            if spec is not None:
                yield spec


def _by_parameter(context: Context, found: Grouping) -> FigureSpec | None:
    t = context.t
    groups = [g for g in found.groups if np.isfinite(context.score_curves[g.mask]).any()]
    if len(groups) < 2:
        return None
    unit = unit_of(context, [g.mask for g in groups])
    rows = [unit_curves(context, context.score_curves, g.mask, unit) for g in groups]
    band = band_of(unit, [len(r) for r in rows])
    drawn = [
        Drawn(
            f"{g.label} (n = {len(r)})",
            mean_curve(r, band, context.score_curves[g.mask], context.limits),
            g.color,
            None
            if found.quantiles
            else published_outcomes.by_value(context, found.parameter, g.value),
        )
        for g, r in zip(groups, rows, strict=True)
    ]
    parameter = context.label(found.parameter)
    title = t("title", parameter=parameter)
    parts = {
        "metric": context.metric,
        "parameter": parameter,
        "quantiles": t("quantiles", n=len(groups)) if found.quantiles else "",
        **caption_parts(context, drawn, band, unit),
    }
    if parts["early"]:
        parts["early"] += t("early_panel")
    if unit == "setting" and len(context.frames.varied) > 1:
        parts["early"] += t("settings_differ")

    def draw() -> Figure:
        return draw_means(context, context.foot, title, drawn, found.parameter)

    caption = context.sentence(t("by_parameter", **parts).strip())
    return FigureSpec(f"curves_{found.parameter}", title, caption, draw)


FIGURES.register("curves_by_parameter", FigureKind(20, curves_by_parameter, words=WORDS))
