"""Score by size of the model: against the number of its trained parameters."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing import published_outcomes
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.cost_points import bars_note, image_shape, scatter, settings
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind, LeftOut
from tune_mc1.reporting.words.catalogue import Catalogue, capital

WORDS: Catalogue = {
    "title": ("{metric} by size of the model", "{metric} nach Grösse des Modells"),
    "caption": (
        "{metric} at the best epoch against the number of trained parameters; a marker a "
        "setting{bars}. Settings of one model are set apart a little.",
        "{metric} in der besten Epoche gegen die Anzahl trainierter Parameter; eine Marke pro "
        "Einstellung{bars}. Einstellungen desselben Modells sind etwas auseinandergerückt.",
    ),
    "left_out": (
        "No accuracy by size of the model: the results do not say how large the images were.",
        "Keine Genauigkeit nach Modellgrösse: die Resultate nennen die Grösse der Bilder nicht.",
    ),
    "axis": ("Trained parameters", "Trainierte Parameter"),
}


def model_size(context: Context) -> Iterator[FigureSpec | LeftOut]:
    """Yields the figure where models differ in their number of trained parameters."""
    t, shape = context.t, image_shape(context)
    if shape is None and "model" in context.frames.varied:
        yield LeftOut(t("left_out"))
    points = settings(context, shape)
    if len({p.weights for p in points if np.isfinite(p.weights)}) < 2:
        return
    title = capital(t("title", metric=context.metric))
    caption = t("caption", metric=context.metric, bars=bars_note(context, points))
    models = dict.fromkeys(p.model for p in points)
    if any(published_outcomes.by_value(context, "model", model) for model in models):
        source = published_outcomes.source(context)
        caption += " " + t("reference_points", source=source).strip()

    def draw() -> Figure:
        return scatter(context, title, points, "weights", t("axis"))

    yield FigureSpec("accuracy_parameters", title, capital(caption), draw)


FIGURES.register("model_size", FigureKind(90, model_size, words=WORDS))
