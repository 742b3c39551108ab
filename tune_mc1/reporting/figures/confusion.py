"""Confusion matrix of the best setting on the test images."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.predictions import Predictions, class_names, read_predictions
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import ink_on, short
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind, LeftOut
from tune_mc1.reporting.words.catalogue import Catalogue, capital, count

WORDS: Catalogue = {
    "title": (
        "Confusion matrix of the best setting, test images",
        "Konfusionsmatrix der besten Einstellung, Testbilder",
    ),
    "caption": (
        "Test images by true class (row) and predicted class (column), as a percentage of the row "
        "with the count below: {images} images{runs}, accuracy {accuracy:.3f}.",
        "Testbilder nach wahrer (Zeile) und vorhergesagter Klasse (Spalte), in Prozent der Zeile "
        "und darunter gezählt: {images} Bilder{runs}, Genauigkeit {accuracy:.3f}.",
    ),
    "runs": (" in each of {runs}, summed", " von jedem von {runs}, zusammengezählt"),
    "left_out": (
        "No confusion matrix: there are no predictions of the winner on the test images.",
        "Keine Konfusionsmatrix: der Sweep hat keine Vorhersagen des Siegers auf den Testbildern.",
    ),
    "predicted": ("predicted class", "vorhergesagte Klasse"),
    "true": ("true class", "wahre Klasse"),
    "bar": ("Fraction of the true class", "Anteil der wahren Klasse"),
}

NUMBERED = 12
"""With more classes than this, cells have no numbers."""
NAMED = 40
"""With more classes than this, rows have no names."""


def confusion(context: Context) -> Iterator[FigureSpec | LeftOut]:
    """Yields the confusion matrix over all runs of the winner."""
    t, found = context.t, read_predictions(context)
    if found is None:
        yield LeftOut(t("left_out"))
        return
    names = class_names(context, found)
    counts = confusion_counts(found, len(names))
    title = t("title")
    runs = len(found.runs)
    caption = t(
        "caption",
        images=f"{len(found.label) // runs:,}".replace(",", "\u202f"),
        runs=t("runs", runs=count(t, "run", runs)) if runs > 1 else "",
        accuracy=np.trace(counts) / counts.sum(),
    )

    def draw() -> Figure:
        return _draw(context, title, counts, names)

    yield FigureSpec("confusion", title, caption, draw)


def confusion_counts(found: Predictions, classes: int) -> NDArray[np.int64]:
    """Numbers of images by true class (rows) and predicted class (columns)."""
    flat = np.bincount(found.label * classes + found.predicted, minlength=classes**2)
    return flat.reshape(classes, classes)


def _draw(context: Context, title: str, counts: NDArray[np.int64], names: Sequence[str]) -> Figure:
    t, classes = context.t, len(names)
    figure = sheet(context.foot, title, height=5.0 if classes > 4 else 3.2)
    ax = figure.add_subplot()
    totals = counts.sum(axis=1, keepdims=True)
    parts = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    cmap, norm = colormaps["Blues"], Normalize(0, 1)
    ax.imshow(parts, cmap=cmap, norm=norm)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    if classes <= NAMED:
        labels = [short(name, 14) for name in names]
        size = 7.5 if classes <= NUMBERED else 5
        ax.set_xticks(range(classes), labels, rotation=40, ha="right", size=size)
        ax.set_yticks(range(classes), labels, size=size)
    ax.tick_params(length=0)
    ax.set_xlabel(capital(t("predicted")))
    ax.set_ylabel(capital(t("true")))
    if classes <= NUMBERED:
        for (i, j), n in np.ndenumerate(counts):
            if n:
                ink = ink_on(cmap(norm(parts[i, j])))
                text: Any = {"ha": "center", "va": "center", "color": ink}
                ax.text(j, i - 0.13, f"{100 * parts[i, j]:.0f} %", size=7, **text)
                ax.text(j, i + 0.24, str(n), size=5, **text)
    figure.colorbar(ScalarMappable(norm, cmap), ax=ax, label=t("bar"), pad=0.02)
    return figure


FIGURES.register("confusion", FigureKind(120, confusion, words=WORDS, training_only=True))
