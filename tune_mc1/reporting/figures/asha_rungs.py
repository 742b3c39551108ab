"""Rungs of ASHA: the trials that went on at each, and their scores."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tune_mc1.planning.promotion import PromotingRungs
from tune_mc1.planning.rungs import Rungs
from tune_mc1.planning.schedulers.asha import Halving
from tune_mc1.planning.schedulers.asha_promote import PromotingHalving
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.sheet import sheet
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.drawing.style import BLUE, FAINT, SOFT, VERMILION, axis_text
from tune_mc1.reporting.figure_kinds import FIGURES, FigureKind
from tune_mc1.reporting.words.catalogue import Catalogue

WORDS: Catalogue = {
    "title": ("ASHA: trials that continued at each rung", "ASHA: welche Trials weiterliefen"),
    "caption": (
        "{metric} of every trial at each rung: filled if it continued, grey if it was stopped; "
        "lines join trials that reached the next rung. About one in {eta} of the trials that have "
        "arrived continues, so an early arrival passes with a lower rank.",
        "{metric} jedes Trials auf jeder Stufe: gefüllt, wo er weiterlief, grau, wo er endete; "
        "Linien verbinden jene, die zur nächsten kamen. Von jenen, die vorher kamen, läuft etwa "
        "einer von {eta} weiter; wer früh ankommt, braucht also weniger.",
    ),
    "promoted": (
        "{metric} of every trial at each rung: filled if it continued, grey if it paused there and "
        "was not promoted; lines join trials that reached the next rung. The best 1/{eta} of a "
        "rung continue, as they arrive or later.",
        "{metric} jedes Trials auf jeder Stufe: gefüllt, wo er weiterlief, grau, wo er wartete und "
        "nicht mehr an die Reihe kam; Linien verbinden jene, die zur nächsten kamen. Die besten "
        "1/{eta} einer Stufe laufen weiter, sofort oder später.",
    ),
    "rung_out": ("stopped", "gestoppt"),
    "rung_on": ("continued", "weiter"),
    "rung_label": (
        "epoch {epoch}\n{n} arrived\n{on} continued",
        "Epoche {epoch}\n{n} kamen\n{on} weiter",
    ),
    "rung_best": (
        "best setting,\nat its best epoch",
        "beste Einstellung,\nin ihrer besten Epoche",
    ),
    "rung_end": ("end\n{n} completed", "Ende\n{n} fertig"),
}


@dataclass(frozen=True)
class Rung:
    """One rung, or the end of training.

    Attributes:
        epoch: Its epoch; at the end that of the longest trial.
        arrived: The trials that have a score there.
        went_on: Those of them that trained longer, or at the end ran all their epochs.
    """

    epoch: int
    arrived: NDArray[np.bool_]
    went_on: NDArray[np.bool_]


def rungs_of(context: Context) -> list[Rung]:
    """The rungs that trials reached, and the end; empty without early termination."""
    early, sweep = context.frames.sweep.early_terminate, context.frames.sweep
    if not isinstance(early, Halving):
        return []
    trials, curves = context.frames.trials, context.score_curves
    ran = trials["epochs_run"].to_numpy(float, na_value=0.0)
    brackets = early.brackets_of(sweep.longest_epochs)
    dealt = early.scheduler(sweep.longest_epochs)
    if isinstance(dealt, Rungs | PromotingRungs):
        own = np.array([dealt.bracket_of(trial) for trial in trials["trial"]])
    else:
        own = np.zeros(len(trials), int)
    whole = (trials["state"] == "completed").to_numpy()
    found = []
    for epoch in sorted({rung for bracket in brackets for rung in bracket}):
        if epoch > curves.shape[1]:
            continue
        here = np.isin(own, [b for b, bracket in enumerate(brackets) if epoch in bracket])
        arrived = here & np.isfinite(curves[:, epoch - 1])
        found.append(Rung(epoch, arrived, arrived & ((ran > epoch) | whole)))
    full = whole & np.isfinite(_last(curves))
    return [*found, Rung(int(ran.max(initial=1)), full, full)]


def _last(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each trial's last finite value; nan without any."""
    there = np.isfinite(curves)
    place = curves.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return np.where(there.any(axis=1), curves[np.arange(len(curves)), place], np.nan)


def asha_rungs(context: Context) -> Iterator[FigureSpec]:
    """Yields the figure if the sweep stops trials early and any came to a rung."""
    rungs = rungs_of(context)
    if len(rungs) < 2 or not rungs[0].arrived.any():
        return
    t = context.t
    title = t("title")
    promotes = isinstance(context.frames.sweep.early_terminate, PromotingHalving)
    caption = t("promoted" if promotes else "caption", metric=context.metric, eta=_eta(context))

    def draw() -> Figure:
        return _draw(context, title, rungs)

    yield FigureSpec("rungs", title, context.sentence(caption), draw)


def _eta(context: Context) -> float:
    early = context.frames.sweep.early_terminate
    return early.eta if isinstance(early, Halving) else 0


def _draw(context: Context, title: str, rungs: list[Rung]) -> Figure:
    t, curves = context.t, context.score_curves
    figure = sheet(context.foot, title, height=3.4)
    ax = figure.add_subplot()
    count = len(curves)
    jitter = 0.5 * ((np.arange(count) * 0.6180339887) % 1 - 0.5)
    last = _last(curves)
    y = [curves[:, rung.epoch - 1] for rung in rungs[:-1]] + [last]
    dense = count > 100
    size = 4.5 if count < 60 else 3 if count < 300 else 1.8
    for i, rung in enumerate(rungs[:-1]):
        onward = rung.went_on & (rungs[i + 1].arrived)
        ends = [((i + jitter[k], y[i][k]), (i + 1 + jitter[k], y[i + 1][k]))
                for k in np.flatnonzero(onward)]  # fmt: skip
        ax.add_collection(
            LineCollection(ends, colors=BLUE, lw=0.5, alpha=0.25, rasterized=dense, zorder=1)
        )
    for i, rung in enumerate(rungs):
        out = rung.arrived & ~rung.went_on
        for mask, face, edge, key in (
            (out, FAINT, SOFT, "rung_out"),
            (rung.went_on, BLUE, BLUE, "rung_on"),
        ):
            ax.plot(i + jitter[mask], y[i][mask], ls="", marker="o", ms=size, mfc=face, mec=edge,
                    mew=0.5, label=t(key) if i == 0 else "_", rasterized=dense)  # fmt: skip
    if context.winner is not None:
        best = np.flatnonzero(context.winner)
        arrived = np.array([rung.arrived[best] for rung in rungs])
        places = len(rungs) - 1 - np.argmax(arrived[::-1], axis=0)
        ax.plot(places + jitter[best], context.values[best], ls="", marker="*", ms=11,
                color=VERMILION, label=t("rung_best"))  # fmt: skip
    labels = [_label(context, rung, i == len(rungs) - 1) for i, rung in enumerate(rungs)]
    ax.set_xticks(range(len(rungs)), labels)
    ax.grid(visible=False, axis="x")
    ax.set_xlim(-0.5, len(rungs) - 0.5)
    ax.set_ylabel(axis_text(context.metric_heading))
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def _label(context: Context, rung: Rung, end: bool) -> str:
    t, n = context.t, int(rung.arrived.sum())
    if end:
        return t("rung_end", n=n)
    return t("rung_label", epoch=rung.epoch, n=n, on=int(rung.went_on.sum()))


FIGURES.register("rungs", FigureKind(80, asha_rungs, words=WORDS))
