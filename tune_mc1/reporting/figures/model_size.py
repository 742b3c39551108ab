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
    "title": ("{metric} by model size", "{metric} nach Grösse des Modells"),
    "caption": (
        "{metric} at the best epoch against the number of trained parameters; one marker per "
        "setting{bars}. Settings of the same model are slightly offset.",
        "{metric} in der besten Epoche gegen die Anzahl trainierter Parameter; eine Marke pro "
        "Einstellung{bars}. Einstellungen desselben Modells sind etwas auseinandergerückt.",
    ),
    "left_out": (
        "No score by model size: the results do not record the size of the images.",
        "Keine Werte nach Modellgrösse: die Resultate nennen die Grösse der Bilder nicht.",
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


FIGURES.register("model_size", FigureKind(90, model_size, words=WORDS, training_only=True))
