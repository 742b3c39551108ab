"""What the winner makes of the test images: confusion matrix, and the mistakes it is sure of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pyarrow import ArrowException

from tune_mc1.data.images import ImageData
from tune_mc1.reporting.figures.context import Context
from tune_mc1.reporting.figures.heatmap import ink_on
from tune_mc1.reporting.figures.sheet import sheet
from tune_mc1.reporting.figures.spec import FigureSpec
from tune_mc1.reporting.figures.style import short
from tune_mc1.reporting.words.figure_texts import capital, count

MOST_EXAMPLES = 25
NUMBERED = 12
"""With more classes than this, cells have no numbers."""
NAMED = 40
"""With more classes than this, rows have no names."""


@dataclass(frozen=True)
class Predictions:
    """The columns of `predictions.parquet` (`tune_mc1.running.winner`)."""

    trial: NDArray[np.object_]
    image: NDArray[np.int64]
    label: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]

    @property
    def runs(self) -> list[str]:
        """The trials, in their order."""
        return list(dict.fromkeys(self.trial.tolist()))


def read_predictions(context: Context) -> Predictions | None:
    """The winner's predictions; None where there are none that can be read."""
    path = context.frames.where.predictions
    if not path.exists():
        return None
    try:
        table = pq.read_table(path)
        columns = {n: table[n].to_numpy() for n in Predictions.__dataclass_fields__}
    except (ArrowException, OSError, KeyError):
        return None
    numbers = {n: columns[n].astype(np.int64) for n in ("image", "label", "predicted")}
    confidence = columns["confidence"].astype(float)
    found = Predictions(columns["trial"], confidence=confidence, **numbers)
    return found if len(found.label) else None


def class_names(context: Context, found: Predictions) -> list[str]:
    """The classes' names, or their numbers where a name is missing."""
    names = [str(name) for name in context.frames.facts.get("classes") or ()]
    total = int(max(found.label.max(), found.predicted.max())) + 1
    return names + [str(i) for i in range(len(names), total)]


def confusion_counts(found: Predictions, classes: int) -> NDArray[np.int64]:
    """How many images of each class (rows) were taken for each (columns)."""
    flat = np.bincount(found.label * classes + found.predicted, minlength=classes**2)
    return flat.reshape(classes, classes)


def confusion_figure(context: Context, found: Predictions) -> Iterator[FigureSpec]:
    """The confusion matrix over all runs of the winner."""
    t, names = context.t, class_names(context, found)
    counts = confusion_counts(found, len(names))
    title = t("confusion_title")
    runs = len(found.runs)
    caption = t(
        "confusion_caption",
        images=f"{len(found.label) // runs:,}".replace(",", "\u202f"),
        runs=t("confusion_runs", runs=count(t, "unit_run", runs)) if runs > 1 else "",
        accuracy=np.trace(counts) / counts.sum(),
    )

    def draw() -> Figure:
        return _draw_confusion(context, title, counts, names)

    yield FigureSpec("confusion", title, caption, draw)


def _draw_confusion(
    context: Context, title: str, counts: NDArray[np.int64], names: Sequence[str]
) -> Figure:
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
    figure.colorbar(ScalarMappable(norm, cmap), ax=ax, label=t("confusion_bar"), pad=0.02)
    return figure


def mistakes_figure(context: Context, found: Predictions, data: ImageData) -> Iterator[FigureSpec]:
    """Up to 25 test images that the winner's first run got wrong, the surest first."""
    own = (found.trial == found.runs[0]) & (found.label != found.predicted)
    own &= found.image < len(data.test_images)
    places = np.flatnonzero(own)
    places = places[np.argsort(-found.confidence[places], kind="stable")][:MOST_EXAMPLES]
    if not len(places):
        return
    t, names = context.t, class_names(context, found)
    title = t("mistakes_title")
    caption = t("mistakes_caption", n=len(places), total=int(own.sum()), trial=found.runs[0])

    def draw() -> Figure:
        columns = min(5, len(places))
        rows = -(-len(places) // columns)
        figure = sheet(context.foot, title, height=1.32 * rows)
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        for ax, place in zip(axes.flat, places, strict=False):
            image = data.test_images[found.image[place]]
            gray = image.shape[-1] == 1
            ax.imshow(image[..., 0] if gray else image, cmap="gray" if gray else None,
                      interpolation="nearest", vmin=0, vmax=255)  # fmt: skip
            true, guess = names[found.label[place]], names[found.predicted[place]]
            sure = f"{100 * found.confidence[place]:.0f} %"
            ax.set_title(
                t("mistake", true=short(true, 14), predicted=short(guess, 14), sure=sure),
                size=6.5,
                pad=3,
            )
        return figure

    yield FigureSpec("mistakes", title, caption, draw, photographs=True)
