"""Empty figures with a title above, notes at the foot, and room for axes between."""

import textwrap

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from tune_mc1.reporting.drawing.foot import Foot
from tune_mc1.reporting.drawing.style import SOFT, WARN

WIDTH = 7.0
"""Width of every figure in inches: a page's text, or two columns of a journal."""
HEAD, LINE, EDGE = 0.30, 0.125, 0.07
"""Heights in inches: of the title, of a line of the foot, and of the margins."""


def sheet(foot: Foot, title: str, height: float = 3.2, width: float = WIDTH) -> Figure:
    """Makes a figure with title and foot.

    Args:
        foot: The lines below.
        title: The line above.
        height: Height of the part for axes, in inches.
        width: Width of the figure, in inches.
    """
    notes = textwrap.wrap(" · ".join(foot.notes), int(width * 19.5))
    bold = int(width * 17)  # its letters are wider
    warnings = [line for text in foot.warnings for line in textwrap.wrap(f"⚠ {text}", bold)]
    titles = textwrap.wrap(title, int(width * 11.5))
    below = LINE * (len(notes) + len(warnings)) + EDGE + 0.03
    above = HEAD + 0.16 * (len(titles) - 1)
    whole = height + above + below
    figure = Figure(figsize=(width, whole))
    rect = (0.0, below / whole, 1.0, height / whole)
    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=EDGE, h_pad=0.04, rect=rect))
    left = EDGE / width
    figure.text(
        left, 1 - EDGE / whole, "\n".join(titles), size=9.5, weight="bold", va="top", gid="title"
    )
    bottom = EDGE
    for line, color, weight in [
        *((note, SOFT, "normal") for note in reversed(notes)),
        *((warning, WARN, "bold") for warning in reversed(warnings)),
    ]:
        figure.text(left, bottom / whole, line, size=6.5, color=color, weight=weight, gid="foot")
        bottom += LINE
    return figure
