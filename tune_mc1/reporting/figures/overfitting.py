"""Training against validation of the best setting: where it begins to overfit."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.figures.context import Context
from tune_mc1.reporting.figures.groups import shown
from tune_mc1.reporting.figures.mean_lines import Drawn, add_mean, place_legend
from tune_mc1.reporting.figures.means import MeanCurve, Unit, band_of, mean_curve, unit_curves
from tune_mc1.reporting.figures.sheet import sheet
from tune_mc1.reporting.figures.spec import FigureSpec
from tune_mc1.reporting.figures.style import BLUE, ORANGE, SOFT, epoch_axis, metric_limits
from tune_mc1.reporting.words.figure_texts import capital, count

KINDS = ("loss", "acc")


def setting_text(context: Context, names: Sequence[str] | None = None, most: int = 4) -> str:
    """The best setting in words, by the parameters that the sweep varies."""
    if context.winner is None:
        return ""
    row = context.frames.trials[context.winner].iloc[0]
    wanted = list(context.frames.varied if names is None else names)
    words = [f"{context.t(n)} {shown(row[n], context.t)}" for n in wanted[:most]]
    return ", ".join(words) + (", …" if len(wanted) > most else "")


def overfitting_figure(context: Context) -> Iterator[FigureSpec]:
    """Loss and accuracy of the best setting, on training and on validation images."""
    winner = context.winner
    if winner is None:
        return
    t = context.t
    unit: Unit = "fold" if context.folds else "run"
    pairs: list[tuple[MeanCurve, MeanCurve]] = []
    for kind in KINDS:
        rows = [
            unit_curves(context, context.curves(f"{split}_{kind}"), winner, "run")
            for split in ("train", "val")
        ]
        if not all(len(r) for r in rows):
            return
        band = band_of(unit, [len(r) for r in rows])
        pairs.append((mean_curve(rows[0], band), mean_curve(rows[1], band)))
    runs = int(winner.sum())
    title = t("overfitting_title")
    caption = t(
        "overfitting_caption",
        setting=f" ({words})" if (words := setting_text(context)) else "",
        band=t(f"band_{band}", units=count(t, f"unit_{unit}", runs), what=t("bands")),
    )
    best = context.frames.trials.loc[winner, "best_epoch"].dropna().to_numpy(float)

    def draw() -> Figure:
        figure = sheet(context.foot, title, height=2.9)
        axes: Sequence[Axes] = figure.subplots(1, 2)
        for ax, kind, pair in zip(axes, KINDS, pairs, strict=True):
            _panel(context, ax, kind, pair, best)
        place_legend(axes[1], _handles(axes[1]))
        return figure

    yield FigureSpec("overfitting", title, capital(caption), draw)


def _panel(
    context: Context, ax: Axes, kind: str, pair: tuple[MeanCurve, MeanCurve], best: np.ndarray
) -> None:
    t = context.t
    labels = [(t("training"), ORANGE), (t("validating"), BLUE)]
    for i, (curve, (label, color)) in enumerate(zip(pair, labels, strict=True)):
        add_mean(ax, Drawn(label, curve, color), i, 2)
    metric_limits(ax, kind, [c.mean for c in pair], t("cut"))
    for i, epoch in enumerate(best if len(best) <= 3 else ()):
        label = t("best_at") if i == 0 else "_best"
        ax.axvline(epoch, color=SOFT, lw=0.8, ls=":", label=label, zorder=0)
    ax.set_ylabel(capital(t(kind)))
    epoch_axis(ax, len(pair[0].mean), capital(t("epoch")))


def _handles(ax: Axes) -> list:  # type: ignore[type-arg]
    return [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
