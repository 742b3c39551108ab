"""Cross-validation: the score of every fold, by setting."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tune_mc1.reporting.drawing.context import Context, finite
from tune_mc1.reporting.drawing.groups import shown
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, INK, SOFT, short
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind, has_scores
from tune_mc1.reporting.words.catalogue import Catalogue, capital

WORDS: Catalogue = {
    "title": ("Scores of the folds", "Werte der Folds"),
    "caption": (
        "{metric} of every fold (points) with median, quartiles, and whiskers to the last point "
        "within 1.5 times the interquartile range; on the right mean ± standard deviation. Folds "
        "share training images, so they vary less than independent data would.",
        "{metric} jedes Folds (Punkte) mit Median, Quartilen und Antennen bis zum letzten Punkt "
        "innerhalb des 1.5-fachen Quartilsabstands; rechts Mittel ± Standardabweichung. Folds "
        "teilen Trainingsbilder, darum streuen sie weniger als neue Bilder.",
    ),
    "cut_settings": (
        "The best {n} settings are shown.",
        "Gezeigt sind die besten {n} Einstellungen.",
    ),
    "at_last": ("last epoch", "letzte Epoche"),
}

MOST_SETTINGS = 10


def fold_boxes(context: Context) -> list[tuple[str, NDArray[np.float64]]]:
    """Scores by fold: of one setting at its best and last epoch, of several each at the best."""
    trials, t = context.frames.trials, context.t
    scores = context.scores
    means = scores.groupby(context.hashes).mean().dropna()
    if len(means) == 1:
        last = finite(trials[f"last_{context.frames.metric}"])
        pairs = [(t("best_epoch"), scores), (t("at_last"), last)]
        return [(name, _known(v)) for name, v in pairs if v.notna().any()]
    boxes = []
    for key in [key for key, runs in context.ranked.runs.items() if runs][:MOST_SETTINGS]:
        own = (trials["config_hash"] == key).to_numpy()
        row = trials[own].iloc[0]
        words = [shown(row[n], t, context.frames, n) for n in context.frames.varied[:3]]
        boxes.append((short(", ".join(words), 30), _known(scores[own])))
    return boxes


def _known(column: "pd.Series[float]") -> NDArray[np.float64]:
    return column.dropna().to_numpy().astype(np.float64)


def folds(context: Context) -> Iterator[FigureSpec]:
    """Yields a box plot over folds, with a point for each fold on top."""
    boxes = fold_boxes(context)
    if not boxes or max(len(values) for _, values in boxes) < 2:
        return
    t = context.t
    title = t("title")
    caption = t("caption", metric=context.metric)
    if len(boxes) == MOST_SETTINGS:
        caption += " " + t("cut_settings", n=MOST_SETTINGS)

    def draw() -> Figure:
        return _draw(context, title, boxes)

    yield FigureSpec("folds", title, capital(caption), draw)


def _draw(context: Context, title: str, boxes: list[tuple[str, NDArray[np.float64]]]) -> Figure:
    figure = sheet(context.foot, title, height=0.8 + 0.5 * len(boxes))
    ax = figure.add_subplot()
    ax.boxplot(
        [values for _, values in boxes],
        orientation="horizontal",
        widths=0.5,
        showfliers=False,
        positions=range(len(boxes)),
        medianprops={"color": INK, "lw": 1.4},
        boxprops={"color": SOFT},
        whiskerprops={"color": SOFT},
        capprops={"color": SOFT},
    )
    for i, (_, values) in enumerate(boxes):
        shift = 0.3 * ((np.arange(len(values)) * 0.6180339887) % 1 - 0.5)
        ax.plot(values, i + shift, ls="", marker="o", ms=4, color=BLUE, alpha=0.75)
        spread = f" ± {values.std(ddof=1):.4f}" if len(values) > 1 else ""
        ax.annotate(
            f"{values.mean():.4f}{spread}  (n = {len(values)})",
            (1.01, i),
            xycoords=("axes fraction", "data"),
            va="center",
            size=7,
        )
    ax.set_yticks(range(len(boxes)), [name for name, _ in boxes])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(capital(context.metric))
    return figure


def with_folds(context: Context) -> bool:
    """Whether the sweep is a cross-validation."""
    return has_scores(context) and context.folds


FIGURES.register(
    "folds", FigureKind(30, folds, applies=with_folds, words=WORDS, training_only=True)
)
