"""Score by training time of a trial."""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.cost_points import Point, bars_note, scatter, settings
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import INK
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue

WORDS: Catalogue = {
    "title": ("{metric} by training time", "{metric} nach Trainingszeit"),
    "caption": (
        "{metric} at the best epoch against the training time of a trial; one marker per "
        "setting{bars}. Dotted: the best score up to each time. Times apply to the machine and "
        "the load under which the sweep ran.",
        "{metric} in der besten Epoche gegen die Trainingszeit eines Trials; eine Marke pro "
        "Einstellung{bars}. Gepunktet: der beste Wert bis zu jeder Zeit. Die Zeiten gelten "
        "für den Rechner und die Last, unter denen der Sweep lief.",
    ),
    "fused": (
        "Trials trained together as one model share their time equally.",
        "Trials, die zusammen als ein Modell trainiert wurden, teilen sich die Zeit zu gleichen "
        "Teilen.",
    ),
    "axis": ("Training time of a trial (s)", "Trainingszeit eines Trials (s)"),
    "program_title": ("{metric} by run time", "{metric} nach Laufzeit"),
    "program_caption": (
        "{metric} at the best epoch against the run time of a trial up to its last epoch; one "
        "marker per setting{bars}. Dotted: the best score up to each time. Times apply to the "
        "machine and the load under which the sweep ran.",
        "{metric} in der besten Epoche gegen die Laufzeit eines Trials bis zu seiner letzten "
        "Epoche; eine Marke pro Einstellung{bars}. Gepunktet: der beste Wert bis zu jeder Zeit. "
        "Die Zeiten gelten für den Rechner und die Last, unter denen der Sweep lief.",
    ),
    "program_axis": ("Run time of a trial (s)", "Laufzeit eines Trials (s)"),
    "front": ("best so far", "bisher bester"),
}


def training_time(context: Context) -> Iterator[FigureSpec]:
    """Yields the figure where there are several settings, all with a time."""
    t, points = context.t, settings(context)
    if len(points) < 2 or not all(p.seconds.max(initial=0) > 0 for p in points):
        return
    kind = "program_" if context.of_program else ""
    title = context.sentence(t(f"{kind}title", metric=context.metric))
    caption = t(f"{kind}caption", metric=context.metric, bars=bars_note(context, points))
    if context.stopped:
        caption += " " + t("stopped_count")
    if int(context.frames.trials["fused"].max() or 1) > 1:
        caption += " " + t("fused")

    def add_front(ax: Axes) -> None:
        _front(ax, points, context.maximize, t("front"))

    def draw() -> Figure:
        return scatter(context, title, points, "seconds", t(f"{kind}axis"), add_front)

    yield FigureSpec("accuracy_time", title, context.sentence(caption), draw)


def _front(ax: Axes, points: list[Point], maximize: bool, label: str) -> None:
    """The best score that a time bought: a step at each setting better than all faster ones."""
    known = sorted((float(p.seconds.mean()), float(p.scores.mean())) for p in points)
    steps: list[tuple[float, float]] = []
    for x, y in known:
        if not steps or (y > steps[-1][1] if maximize else y < steps[-1][1]):
            steps.append((x, y))
    end = known[-1][0]
    if len(steps) > 1:
        xs, ys = zip(*steps, (end, steps[-1][1]), strict=True)
        ax.step(xs, ys, where="post", color=INK, lw=0.8, ls=":", label=label, zorder=1)


FIGURES.register("training_time", FigureKind(100, training_time, words=WORDS))
