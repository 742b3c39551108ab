"""What stands on a figure, for tests."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D


def xs(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_xdata(), float)


def ys(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_ydata(), float)


def lines(figure: Figure, panel: int = 0) -> dict[str, np.ndarray]:
    """The labelled curves of a panel: label to heights."""
    found = figure.axes[panel].get_lines()
    return {
        str(line.get_label()): ys(line)
        for line in found
        if not str(line.get_label()).startswith("_")
    }


def words(figure: Figure) -> str:
    """All text on a figure."""
    import matplotlib.text

    return "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))
