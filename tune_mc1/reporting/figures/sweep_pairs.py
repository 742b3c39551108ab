"""Learning curves of two sweeps side by side, where they vary the same parameters."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing import published_outcomes
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.foot import foot_of_sweeps
from tune_mc1.reporting.drawing.groups import grouping, numeric, shown
from tune_mc1.reporting.drawing.mean_curves import Unit, band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.drawing.mean_lines import (
    Drawn,
    add_mean,
    add_reference,
    caption_parts,
    draw_means,
    labelled,
    place_legend,
    reference_handle,
)
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import PALETTE, axis_text, colors, epoch_axis, labels, marker
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.frames import plain
from tune_mc1.reporting.words.catalogue import Catalogue, capital

WORDS: Catalogue = {
    "title": ("{a} and {b}", "{a} und {b}"),
    "title_by": (
        "Learning curves by {parameter}: {a} and {b}",
        "Lernkurven nach {parameter}: {a} und {b}",
    ),
    "caption": (
        "{metric} after each epoch{different}. Left: mean of all settings{band}. Right: best "
        "setting of each sweep. {early}{reference}",
        "{metric} nach jeder Epoche{different}. Links das Mittel aller Einstellungen{band}; rechts "
        "die beste Einstellung jedes Sweeps. {early}{reference}",
    ),
    "different": (
        " (the sweeps differ in: {what})",
        " (die Sweeps unterscheiden sich in: {what})",
    ),
    "mean_all": ("mean of all settings", "Mittel aller Einstellungen"),
}

MOST_PAIRS = 6
MOST_CURVES = 12


def sweep_pairs(contexts: Sequence[Context]) -> Iterator[FigureSpec]:
    """Yields one figure per pair of sweeps.

    Two sweeps pair up where they vary the same parameters and differ in what they fix, as with and
    without batch norm: their means and their best settings share a figure. Where they vary one
    named parameter alone, such as the model, every value has its curve.
    """
    pairs = [pair for pair in combinations(contexts, 2) if _fit(*pair)]
    for pair in pairs[:MOST_PAIRS]:
        spec = _pair(*pair)
        if spec is not None:
            yield spec


def _fit(a: Context, b: Context) -> bool:
    """Whether two sweeps vary the same parameters and have the same metric."""
    same = a.frames.varied == b.frames.varied and bool(a.frames.varied)
    return same and a.frames.metric == b.frames.metric


def _pair(a: Context, b: Context) -> FigureSpec | None:
    one = a.frames.varied
    column = a.frames.trials[one[0]]
    if len(one) == 1 and not numeric(column):
        return _by_value(a, b, one[0])
    return _means(a, b)


def _labels(a: Context, b: Context) -> tuple[str, str]:
    first, second = labels([a.frames.title, b.frames.title], 34)
    return first, second


def _means(a: Context, b: Context) -> FigureSpec:
    t, names = a.t, _labels(a, b)
    rows, bests = [], []
    for context in (a, b):
        everything = np.ones(len(context.frames.trials), dtype=bool)
        unit = unit_of(context, [everything])
        rows.append(unit_curves(context, context.score_curves, everything, unit))
        best = context.winner if context.winner is not None else everything
        bests.append(unit_curves(context, context.score_curves, best, "run"))
    unit = unit_of(a, [np.ones(len(a.frames.trials), dtype=bool)])
    band = band_of(unit, [len(r) for r in rows])
    panels = [
        [
            Drawn(
                f"{name} (n = {len(r)})" if statistic == "mean" else name,
                mean_curve(
                    r,
                    kind,
                    context.score_curves if statistic == "mean" else None,
                    context.limits,
                ),
                PALETTE[i],
                published_outcomes.overall(context, statistic),
            )
            for i, (name, r, context) in enumerate(zip(names, side, (a, b), strict=True))
        ]
        for statistic, side, kind in (("mean", rows, band), ("best", bests, "none"))
    ]
    title = t("title", a=names[0], b=names[1])
    parts = caption_parts(a, panels[0], band, unit)
    published = parts["reference"] or caption_parts(a, panels[1], "none", unit)["reference"]
    caption = t(
        "caption",
        metric=a.metric,
        **(parts | {"reference": published}),
        different=different(a, b),
    )

    def draw() -> Figure:
        return _draw_panels(a, b, title, panels)

    return FigureSpec(_file(a, b), title, a.sentence(caption.strip()), draw)


def different(a: Context, b: Context) -> str:
    """The parameters that two sweeps fix at different values, in words."""
    t, found = a.t, []
    named = ("model", "optimizer", "learning_rate", "batch_size", "batch_norm", "epochs")
    for name in a.frames.setting_names if a.of_program else named:
        if name in a.frames.varied or name not in b.frames.parameters:
            continue
        values = [plain(c.frames.trials[name].iloc[0]) for c in (a, b)]
        if values[0] != values[1]:
            found.append(f"{a.label(name)} {shown(values[0], t)} / {shown(values[1], t)}")
    return t("different", what=", ".join(found)) if found else ""


def _file(a: Context, b: Context) -> str:
    words = "_".join(("compare", a.frames.title[:40], b.frames.title[:40]))
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in words)


def _draw_panels(a: Context, b: Context, title: str, panels: list[list[Drawn]]) -> Figure:
    t = a.t
    foot = foot_of_sweeps((a.frames, b.frames), t)
    figure = sheet(foot, title, height=3.0, width=8.2)
    axes: Sequence[Axes] = figure.subplots(1, 2, sharey=True)
    epochs = max(len(d.curve.mean) for d in panels[0])
    for ax, drawn, head in zip(axes, panels, ("mean_all", "best_setting"), strict=True):
        for i, each in enumerate(drawn):
            add_mean(ax, each, i, len(drawn))
            add_reference(ax, each.outcome, each.color, marker(i))
        ax.set_title(capital(t(head)), loc="left")
        epoch_axis(ax, epochs, capital(t("epoch")))
    axes[0].set_ylabel(axis_text(a.metric_heading))
    published = reference_handle(a, [*panels[0], *panels[1]])
    place_legend(axes[1], [*labelled(axes[0]), *published])
    return figure


def _by_value(a: Context, b: Context, parameter: str) -> FigureSpec | None:
    """A curve for each value of the one parameter that both sweeps vary."""
    t, names = a.t, _labels(a, b)
    unit: Unit = "fold" if a.folds or b.folds else "run"
    groups = []
    for context, name in zip((a, b), names, strict=True):
        groups_of = grouping(context.frames, parameter, t)
        for group in groups_of.groups if groups_of else ():
            rows = unit_curves(context, context.score_curves, group.mask, "run")
            if len(rows):
                groups.append((f"{group.label}, {name}", rows, context, group.value))
    if not 2 <= len(groups) <= MOST_CURVES:
        return None
    band = band_of(unit, [len(rows) for _, rows, _, _ in groups])
    drawn = [
        Drawn(
            f"{label} (n = {len(rows)})",
            mean_curve(rows, band, limits=context.limits),
            color,
            published_outcomes.by_value(context, parameter, value),
        )
        for (label, rows, context, value), color in zip(
            groups, colors(len(groups), ordered=False), strict=True
        )
    ]
    title = t("title_by", parameter=a.label(parameter), a=names[0], b=names[1])
    parts = caption_parts(a, drawn, band, unit)
    about = {"metric": a.metric, "parameter": a.label(parameter), "quantiles": ""}
    caption = t("by_parameter", **about, **parts)

    def draw() -> Figure:
        foot = foot_of_sweeps((a.frames, b.frames), t)
        return draw_means(a, foot, title, drawn, parameter)

    return FigureSpec(_file(a, b), title, a.sentence(caption.strip()), draw)


FIGURES.register("sweep_pairs", FigureKind(10, compare=sweep_pairs, words=WORDS))
