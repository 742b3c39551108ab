"""The figure of the comparison: regret against epochs, by task and number of workers."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from tests.benchmarks.search.merit import SMALL, Outcome
from tests.benchmarks.search.methods import BOUND, METHODS, OURS

STYLES: dict[str, Any] = {OURS: "-", "Ray Tune": "--", "Optuna": "-.", "Syne Tune": ":", BOUND: ":"}
"""Line style by tool."""


def draw(panels: Mapping[tuple[str, int], Mapping[str, Outcome]], to: Path, bold: str) -> None:
    """Draws a panel for each task and number of workers, and writes a PNG.

    Args:
        panels: Outcomes by method, by task and workers.
        to: File to write.
        bold: Method whose line is drawn wide.
    """
    tasks = list(dict.fromkeys(task for task, _ in panels))
    workers = sorted({count for _, count in panels})
    cells = [(task, count) for task in tasks for count in workers]
    columns = max(2, len(workers))
    rows = math.ceil(len(cells) / columns)
    size = (4.4 * columns, 3.3 * rows + 1.2)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey=True)
    methods = [m for m in METHODS if any(m in found for found in panels.values())]
    colors = {m: plt.get_cmap("tab20")(i % 20) for i, m in enumerate(methods)}
    for ax, (task, count) in zip(axes.flat, cells, strict=False):
        _panel(ax, panels.get((task, count), {}), colors, bold)
        noun = "worker" if count == 1 else "workers"
        ax.set_title(f"{task}, {count} {noun}", fontsize=9)
    for ax in axes.flat[len(cells) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel("epochs of all trials")
    for ax in axes[:, 0]:
        ax.set_ylabel("regret (accuracy)")
    handles = [_key(m, colors[m], bold) for m in methods]
    in_line = max(1, int(size[0] // 4))
    margin = 0.2 * (1 + math.ceil(len(handles) / in_line)) / size[1]
    figure.legend(handles=handles, loc="lower center", ncols=in_line, fontsize=7, frameon=False)
    figure.tight_layout(rect=(0, margin, 1, 1))
    figure.savefig(to, dpi=110)
    plt.close(figure)


def _panel(ax: Axes, found: Mapping[str, Outcome], colors: Mapping[str, Any], bold: str) -> None:
    longest = max((o.regret.shape[1] for m, o in found.items() if m != "random"), default=100)
    for method, outcome in found.items():
        epochs = _points(min(longest, outcome.regret.shape[1]))
        low, high = outcome.interval(epochs)
        color = colors[method]
        style = STYLES[METHODS[method].tool]
        width = 2.4 if method == bold else 1.1
        ax.plot(epochs, outcome.mean[np.array(epochs) - 1], style, color=color, linewidth=width)
        ax.fill_between(epochs, low, high, color=color, alpha=0.12, linewidth=0)
    ax.axhline(SMALL, color="grey", linewidth=0.6)
    ax.set_yscale("log")
    ax.set_ylim(5e-4, 0.3)
    ax.grid(alpha=0.25)


def _points(longest: int) -> Sequence[int]:
    """About a hundred epochs from 1 to the longest."""
    return list(range(1, longest + 1, max(1, longest // 100)))


def _key(method: str, color: Any, bold: str) -> Line2D:
    entry = METHODS[method]
    width = 2.4 if method == bold else 1.1
    label = f"{entry.tool}: {entry.label}"
    return Line2D([], [], linestyle=STYLES[entry.tool], color=color, linewidth=width, label=label)
