"""Learning curves by each parameter, after those of all trials."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from tune_mc1.reporting.figures import published_outcomes
from tune_mc1.reporting.figures.all_trials import all_trials_figure
from tune_mc1.reporting.figures.context import Context, name_of
from tune_mc1.reporting.figures.groups import Grouping, grouping
from tune_mc1.reporting.figures.mean_lines import Drawn, caption_parts, draw_means
from tune_mc1.reporting.figures.means import band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.figures.spec import FigureSpec
from tune_mc1.reporting.words.figure_texts import capital


def curve_figures(context: Context) -> Iterator[FigureSpec]:
    """Learning curves by each varied parameter, after those of all trials."""
    if not np.isfinite(context.score_curves).any():
        return
    if len(context.frames.trials) > 1:
        yield all_trials_figure(context)
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
            mean_curve(r, band, context.score_curves[g.mask]),
            g.color,
            None
            if found.quantiles
            else published_outcomes.by_value(context, found.parameter, g.value),
        )
        for g, r in zip(groups, rows, strict=True)
    ]
    title = t("by_title", parameter=t(found.parameter))
    parts = {
        "metric": context.metric,
        "parameter": t(found.parameter),
        "quantiles": t("by_quantiles", n=len(groups)) if found.quantiles else "",
        **caption_parts(context, drawn, band, unit),
    }
    if parts["early"]:
        parts["early"] += t("early_panel")
    if unit == "setting" and len(context.frames.varied) > 1:
        parts["early"] += t("settings_differ")
    heading = name_of(found.parameter, t)

    def draw() -> Figure:
        return draw_means(context.foot, title, drawn, context.frames.metric, heading, t)

    caption = capital(t("by_caption", **parts).strip())
    return FigureSpec(f"curves_{found.parameter}", title, caption, draw)
