"""Pareto front: trials by two objectives, and those that no other trial beats in all."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec, file_name
from tune_mc1.reporting.drawing.style import INK, SOFT
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.statistics.pareto_trials import ParetoTrials, pareto_trials
from tune_mc1.reporting.words.catalogue import Catalogue

WORDS: Catalogue = {
    "title": ("Pareto front: {y} and {x}", "Pareto-Front: {y} und {x}"),
    "caption": (
        "{y} against {x} after the last epoch; one marker per trial. Filled: the {n} trials that "
        "no other trial beats in all objectives.",
        "{y} gegen {x} nach der letzten Epoche; eine Marke pro Trial. Gefüllt: die {n} Trials, "
        "die kein anderer Trial in allen Zielen übertrifft.",
    ),
    "front": ("Pareto front", "Pareto-Front"),
    "others": ("other trials", "andere Trials"),
}


def pareto_front(context: Context) -> Iterator[FigureSpec]:
    """Yields a figure for each pair of objectives."""
    found = pareto_trials(context.frames)
    if found is None or len(found.trials) < 2:
        return
    for first, second in combinations(range(len(found.names)), 2):
        yield _figure(context, found, first, second)


def _figure(context: Context, found: ParetoTrials, first: int, second: int) -> FigureSpec:
    """The figure of a pair: the first of the two upwards, the second to the right."""
    t, labels = context.t, [context.label(name) for name in found.names]
    words = {"x": labels[second], "y": labels[first]}
    title = context.sentence(t("title", **words))
    caption = context.sentence(t("caption", **words, n=int(found.front.sum())))

    def draw() -> Figure:
        figure = sheet(context.foot, title, height=3.2)
        ax = figure.add_subplot()
        x, y = found.values[:, second], found.values[:, first]
        on = found.front
        ax.plot(x[~on], y[~on], ls="", marker="o", ms=4, mfc="white", mec=SOFT, label=t("others"))
        order = np.argsort(x[on], kind="stable")
        line: dict[str, Any] = {"marker": "o", "ms": 5, "lw": 0.8, "color": INK}
        steps = ":" if len(found.names) == 2 else ""  # with more, no line joins a front
        ax.plot(x[on][order], y[on][order], ls=steps, label=t("front"), **line)
        if (x > 0).all() and x.max() > 30 * x.min():
            ax.set_xscale("log")
        ax.set_xlabel(context.heading(found.names[second]))
        ax.set_ylabel(context.heading(found.names[first]))
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return figure

    name = file_name(f"pareto_front_{found.names[first]}_{found.names[second]}")
    return FigureSpec(name, title, caption, draw)


FIGURES.register("pareto_front", FigureKind(85, pareto_front, words=WORDS))
