"""Best settings of several sweeps, each among all settings of its sweep."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.config.metrics import shown_test_metrics
from tune_mc1.reporting.drawing.context import Context, finite
from tune_mc1.reporting.drawing.foot import foot_of_sweeps
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, FAINT, SOFT, VERMILION, labels
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue

WORDS: Catalogue = {
    "title": ("Best settings of all sweeps", "Beste Einstellungen aller Sweeps"),
    "caption": (
        "{metric} at each trial's best epoch: settings are grey dots, the best one a filled dot "
        "with the range of its runs if it has several. Hollow: the score of the same runs on the "
        "test images, which were not used for selection.",
        "{metric} in der besten Epoche jedes Trials: jede Einstellung ein grauer Punkt, die beste "
        "gefüllt mit dem Bereich ihrer Läufe, wo sie mehrere hat, und hohl der Wert derselben "
        "Läufe auf den Testbildern, die nichts ausgewählt haben.",
    ),
    "program_caption": (
        "{metric} at each trial's best epoch: settings are grey dots, the best one a filled dot "
        "with the range of its runs if it has several.",
        "{metric} in der besten Epoche jedes Trials: jede Einstellung ein grauer Punkt, die beste "
        "gefüllt mit dem Bereich ihrer Läufe, wo sie mehrere hat.",
    ),
    "each_setting": ("each setting", "jede Einstellung"),
    "winner_val": ("best setting, validation", "beste Einstellung, Validierung"),
    "program_winner": ("best setting", "beste Einstellung"),
    "winner_test": ("best setting, test", "beste Einstellung, Test"),
}


def winners(contexts: Sequence[Context]) -> Iterator[FigureSpec]:
    """Yields one row per sweep: scores of its settings, of the best one, and that one's test score.

    Sweeps with another metric than the first are left out.
    """
    first = contexts[0]
    rows = [
        c for c in contexts if c.frames.metric == first.frames.metric and c.scores.notna().any()
    ]
    if len(rows) < 2:
        return
    t = first.t
    title = t("title")

    def draw() -> Figure:
        foot = foot_of_sweeps([c.frames for c in contexts], t)
        figure = sheet(foot, title, height=0.9 + 0.3 * len(rows))
        ax = figure.add_subplot()
        for place, context in enumerate(rows):
            _row(ax, context, place)
        ax.set_yticks(range(len(rows)), labels([c.frames.title for c in rows], 28))
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(first.metric_heading)
        keys = [
            ("each_setting", FAINT, FAINT, "o"),
            ("program_winner" if first.of_program else "winner_val", BLUE, BLUE, "o"),
        ]
        if any(c.frames.trials.get(_test(c), pd.Series()).notna().any() for c in rows):
            keys.append(("winner_test", "white", VERMILION, "^"))
        for key, face, edge, shape in keys:
            ax.plot([], [], ls="", marker=shape, mfc=face, mec=edge, label=t(key))
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return figure

    key = "caption" if not first.of_program else "program_caption"
    caption = first.sentence(t(key, metric=first.metric))
    yield FigureSpec("compare_winners", title, caption, draw)


def _test(context: Context) -> str:
    """Column of the sweep's metric on the test images."""
    return shown_test_metrics(context.frames.metric)[0]


def _row(ax: Axes, context: Context, place: int) -> None:
    means = context.scores.groupby(context.hashes).mean().dropna().to_numpy()
    shift = 0.18 * np.sin(np.arange(len(means)) * 2.4)  # spread, the same in every run
    ax.plot(
        means,
        place + shift,
        ls="",
        marker="o",
        ms=3,
        mfc=FAINT,
        mec=SOFT,
        mew=0.3,
        rasterized=len(means) > 300,
    )
    if context.winner is None:
        return
    runs = context.scores[context.winner].to_numpy()
    ax.plot([runs.min(), runs.max()], [place, place], color=BLUE, lw=1.4)
    ax.plot([runs.mean()], [place], ls="", marker="o", ms=6, color=BLUE)
    name = _test(context)
    if name in context.frames.trials:
        tests = finite(context.frames.trials.loc[context.winner, name]).dropna()
        if len(tests):
            ax.plot(
                [tests.mean()],
                [place],
                ls="",
                marker="^",
                ms=6,
                mfc="white",
                mec=VERMILION,
                mew=1.3,
            )


FIGURES.register("winners", FigureKind(20, compare=winners, words=WORDS))
