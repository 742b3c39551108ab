"""Several sweeps side by side: learning curves of those that pair up, and all winners."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.figures import published_outcomes
from tune_mc1.reporting.figures.context import Context, Foot, data_note, scale_notes
from tune_mc1.reporting.figures.groups import grouping, numeric, plain, shown
from tune_mc1.reporting.figures.mean_lines import (
    Drawn,
    add_mean,
    add_reference,
    caption_parts,
    draw_means,
    place_legend,
    reference_handle,
)
from tune_mc1.reporting.figures.means import Unit, band_of, mean_curve, unit_curves, unit_of
from tune_mc1.reporting.figures.sheet import sheet
from tune_mc1.reporting.figures.spec import FigureSet, FigureSpec
from tune_mc1.reporting.figures.style import PALETTE, colors, epoch_axis, marker, short
from tune_mc1.reporting.figures.winners import winners_figure
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.words.figure_texts import capital, count
from tune_mc1.reporting.words.page_texts import Lang

MOST_PAIRS = 6
MOST_CURVES = 12


def compare_figures(sweeps: Sequence[SweepFrames], lang: Lang) -> FigureSet:
    """The figures of several sweeps together.

    Two sweeps pair up where they vary the same parameters and differ in what they fix, as with and
    without batch norm: their means and their best settings share a figure. Where they vary one
    named parameter alone, as the model, every value has its curve.

    Args:
        sweeps: In the order of their report.
        lang: Language of all words.
    """
    contexts = [Context(frames, lang) for frames in sweeps]
    contexts = [c for c in contexts if np.isfinite(c.score_curves).any()]
    pairs = [pair for pair in combinations(contexts, 2) if _fit(*pair)]
    specs = [_pair(*pair) for pair in pairs[:MOST_PAIRS]]
    found = _numbered([spec for spec in specs if spec is not None])
    if len(contexts) > 1:
        found += winners_figure(contexts, foot_of(contexts))
    return FigureSet(tuple(found))


def _numbered(specs: Sequence[FigureSpec]) -> list[FigureSpec]:
    """Figures whose names differ, also where sweeps share a name."""
    names = [spec.name for spec in specs]
    return [
        replace(spec, name=f"{spec.name}_{i}") if spec.name in names[:i] else spec
        for i, spec in enumerate(specs)
    ]


def _fit(a: Context, b: Context) -> bool:
    """Whether two sweeps vary the same parameters by the same metric."""
    same = a.frames.varied == b.frames.varied and bool(a.frames.varied)
    return same and a.frames.metric == b.frames.metric


def foot_of(contexts: Sequence[Context]) -> Foot:
    """The lines below a figure of several sweeps, each with its trials."""
    t = contexts[0].t
    notes = list(dict.fromkeys(data_note(c.frames, t) for c in contexts))
    for context in contexts:
        trials = context.frames.trials
        parts = [count(t, "trial", len(trials)), count(t, "setting", len(set(context.hashes)))]
        parts += scale_notes(context.frames, t)
        notes.append(f"{short(context.frames.name, 30)}: {', '.join(parts)}")
    warnings = [
        f"{short(context.frames.name, 30)}: {warning}"
        for context in contexts
        for warning in context.foot.warnings
    ]
    if len({str(c.frames.facts.get("fingerprint")) for c in contexts}) > 1:
        warnings.insert(0, t("warn_data"))
    elif len({str(c.frames.sweep.validation) for c in contexts}) > 1:
        warnings.insert(0, t("warn_validation"))
    return Foot(tuple(notes), tuple(warnings))


def _pair(a: Context, b: Context) -> FigureSpec | None:
    one = a.frames.varied
    column = a.frames.trials[one[0]]
    if len(one) == 1 and not numeric(column):
        return _by_value(a, b, one[0])
    return _means(a, b)


def _labels(a: Context, b: Context) -> tuple[str, str]:
    names = short(a.frames.name, 30), short(b.frames.name, 30)
    if names[0] != names[1]:
        return names
    return short(a.frames.where.root.name, 34), short(b.frames.where.root.name, 34)


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
                mean_curve(r, kind, context.score_curves if statistic == "mean" else None),
                PALETTE[i],
                published_outcomes.overall(context, statistic),
            )
            for i, (name, r, context) in enumerate(zip(names, side, (a, b), strict=True))
        ]
        for statistic, side, kind in (("mean", rows, band), ("best", bests, "none"))
    ]
    title = t("pair_title", a=names[0], b=names[1])
    parts = caption_parts(a, panels[0], band, unit)
    published = parts["reference"] or caption_parts(a, panels[1], "none", unit)["reference"]
    caption = t(
        "pair_caption",
        metric=a.metric,
        **(parts | {"reference": published}),
        different=different(a, b),
    )

    def draw() -> Figure:
        return _draw_panels(a, foot_of((a, b)), title, panels)

    return FigureSpec(_file(a, b), title, capital(caption.strip()), draw)


def different(a: Context, b: Context) -> str:
    """The parameters that two sweeps fix at different values, in words."""
    t, found = a.t, []
    for name in ("model", "optimizer", "learning_rate", "batch_size", "batch_norm", "epochs"):
        if name in a.frames.varied:
            continue
        values = [plain(c.frames.trials[name].iloc[0]) for c in (a, b)]
        if values[0] != values[1]:
            found.append(f"{t(name)} {shown(values[0], t)} / {shown(values[1], t)}")
    return t("pair_different", what=", ".join(found)) if found else ""


def _file(a: Context, b: Context) -> str:
    words = "_".join(("compare", a.frames.name[:40], b.frames.name[:40]))
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in words)


def _draw_panels(context: Context, foot: Foot, title: str, panels: list[list[Drawn]]) -> Figure:
    t = context.t
    figure = sheet(foot, title, height=3.0, width=8.2)
    axes: Sequence[Axes] = figure.subplots(1, 2, sharey=True)
    epochs = max(len(d.curve.mean) for d in panels[0])
    for ax, drawn, head in zip(axes, panels, ("mean_all", "best_one"), strict=True):
        for i, each in enumerate(drawn):
            add_mean(ax, each, i, len(drawn))
            add_reference(ax, each.outcome, each.color, marker(i))
        ax.set_title(capital(t(head)), loc="left")
        epoch_axis(ax, epochs, capital(t("epoch")))
    axes[0].set_ylabel(capital(context.metric))
    handles = [h for h in axes[0].get_lines() if not str(h.get_label()).startswith("_")]
    if any(d.outcome is not None for drawn in panels for d in drawn):
        handles.append(reference_handle([*panels[0], *panels[1]], t))
    place_legend(axes[1], handles)
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
            mean_curve(rows, band),
            color,
            published_outcomes.by_value(context, parameter, value),
        )
        for (label, rows, context, value), color in zip(
            groups, colors(len(groups), ordered=False), strict=True
        )
    ]
    title = t("pair_by_title", parameter=t(parameter), a=names[0], b=names[1])
    parts = caption_parts(a, drawn, band, unit)
    caption = t("by_caption", metric=a.metric, parameter=t(parameter), quantiles="", **parts)

    def draw() -> Figure:
        foot = foot_of((a, b))
        return draw_means(foot, title, drawn, a.frames.metric, capital(t(parameter)), t)

    return FigureSpec(_file(a, b), title, capital(caption.strip()), draw)
