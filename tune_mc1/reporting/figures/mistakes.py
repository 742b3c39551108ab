"""Mistakes of the best setting on the test images, the most confident first."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from tune_mc1.data.images import ImageData
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.predictions import Predictions, class_names, read_predictions
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import short
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind, LeftOut
from tune_mc1.reporting.words.catalogue import Catalogue

WORDS: Catalogue = {
    "title": (
        "Most confident mistakes of the best setting",
        "Fehler, bei denen die beste Einstellung am sichersten ist",
    ),
    "caption": (
        "The {n} most confident of the {total} mistakes of trial {trial} on the test images: true "
        "class, predicted class, and the probability of the predicted class.",
        "Die {n} Testbilder, bei denen Trial {trial} unter seinen {total} Fehlern am sichersten "
        "ist: wahre Klasse, vorhergesagte Klasse und die Wahrscheinlichkeit, die er dieser gibt.",
    ),
    "left_out": (
        "No examples of mistakes: the images are not available.",
        "Keine Beispiele von Fehlern: die Bilder sind nicht zur Hand.",
    ),
    "other_images": (
        "No examples of mistakes: the available images ({found}) differ from those of the sweep "
        "({wanted}).",
        "Keine Beispiele von Fehlern: die vorhandenen Bilder sind andere ({found}) als jene des "
        "Sweeps ({wanted}).",
    ),
    "mistake": ("{true}\n→ {predicted}, {sure}", "{true}\n→ {predicted}, {sure}"),
}

MOST_EXAMPLES = 25


def mistakes(context: Context) -> Iterator[FigureSpec | LeftOut]:
    """Yields up to 25 test images that the winner's first run got wrong."""
    t, found, images = context.t, read_predictions(context), context.images
    if found is None:  # the confusion matrix says so
        return
    if images is None:
        yield LeftOut(t("left_out"))
    elif context.own_images is None:
        wanted = str(context.frames.facts.get("fingerprint"))
        yield LeftOut(t("other_images", found=images.fingerprint[:8], wanted=wanted[:8]))
    else:
        yield from _confident(context, found, images)


def _confident(context: Context, found: Predictions, images: ImageData) -> Iterator[FigureSpec]:
    own = (found.trial == found.runs[0]) & (found.label != found.predicted)
    own &= found.image < len(images.test_images)
    places = np.flatnonzero(own)
    places = places[np.argsort(-found.confidence[places], kind="stable")][:MOST_EXAMPLES]
    if not len(places):
        return
    t, names = context.t, class_names(context, found)
    title = t("title")
    caption = t("caption", n=len(places), total=int(own.sum()), trial=found.runs[0])

    def draw() -> Figure:
        columns = min(5, len(places))
        rows = -(-len(places) // columns)
        figure = sheet(context.foot, title, height=1.32 * rows)
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        for ax, place in zip(axes.flat, places, strict=False):
            image = images.test_images[found.image[place]]
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


FIGURES.register("mistakes", FigureKind(130, mistakes, words=WORDS, training_only=True))
