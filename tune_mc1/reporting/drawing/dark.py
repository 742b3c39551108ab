"""Figures for dark pages: the same drawing in colours of its own, not an inverted picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from tune_mc1.reporting.drawing.style import (
    BLUE,
    FAINT,
    GRID,
    INK,
    SEQUENCE,
    SKY,
    SOFT,
    VERMILION,
    WARN,
    ink_on,
)

PAPER = "#15171b"
"""Background, as that of the page in dark mode."""

TONES = {
    "#ffffff": PAPER,
    INK: "#e6e8ec",
    SOFT: "#a0a7b4",
    FAINT: "#343943",
    GRID: "#2a2e36",
    WARN: "#ff9a62",
    BLUE: "#3f93e0",
    SKY: "#a3d5f5",
    VERMILION: "#f0803c",
}
"""Dark tone of each colour that is too dark, or too light, beside `PAPER`; the others stay."""

_STEPS = np.linspace(0, 1, 256)
_LIGHTER = colormaps[SEQUENCE](0.35 + 0.65 * _STEPS)
"""Colours of lines by an ordered value, without those whose contrast with `PAPER` is below 3."""
TONES |= {
    to_hex(before): to_hex(after)
    for before, after in zip(colormaps[SEQUENCE](_STEPS), _LIGHTER, strict=True)
}
_BLUES = LinearSegmentedColormap.from_list("dark blues", [PAPER, "#1f5f99", "#9ccdf7"])


def darken(figure: Figure) -> None:
    """Gives all parts of a figure that is drawn their dark tones, in place."""
    cells = any(ax.images for ax in figure.axes)
    for artist in figure.findobj():
        _darken(artist, cells=cells)
    for ax in figure.axes:
        ax.tick_params(which="both", color=TONES[SOFT], labelcolor=TONES[INK])
        if ax.images:
            _cells(ax)


def tone(color: Any) -> Any:
    """The dark tone of a colour, as opaque as it is."""
    red, green, blue, alpha = to_rgba(color)
    found = TONES.get(to_hex((red, green, blue)))
    return color if found is None else to_rgba(found, alpha)


def _darken(artist: Artist, *, cells: bool) -> None:
    if isinstance(artist, Text):
        artist.set_color(tone(artist.get_color()))
        if (box := artist.get_bbox_patch()) is not None:
            _darken(box, cells=cells)
    elif isinstance(artist, Line2D):
        # All are read first: a marker that has the line's colour would be toned twice.
        line, face, edge = map(tone, _colors(artist))
        artist.set_color(line)
        artist.set_markerfacecolor(face)
        artist.set_markeredgecolor(edge)
    elif isinstance(artist, Patch):
        artist.set_edgecolor(tone(artist.get_edgecolor()))
        artist.set_facecolor(tone(artist.get_facecolor()))
    elif isinstance(artist, Collection) and artist.get_array() is not None:
        artist.set_cmap(_map_of(artist, cells=cells))
    elif isinstance(artist, Collection):
        artist.set_facecolor(_tones(artist.get_facecolor()))
        artist.set_edgecolor(_tones(artist.get_edgecolor()))


def _colors(line: Line2D) -> tuple[Any, Any, Any]:
    return line.get_color(), line.get_markerfacecolor(), line.get_markeredgecolor()


def _tones(colors: Any) -> Sequence[Any]:
    return [tone(color) for color in colors]


def _map_of(artist: Any, *, cells: bool) -> Any:
    """The colour map of a colour bar or of cells; lines leave out the darkest part of theirs."""
    name = str(artist.get_cmap().name)
    if name == "Blues":
        return _BLUES
    if cells or not name.startswith(SEQUENCE):
        return artist.get_cmap()
    return ListedColormap(_LIGHTER[::-1] if name.endswith("_r") else _LIGHTER)


def _cells(ax: Axes) -> None:
    """Gives cells their dark map, and the words in them the ink that is easier to read on it."""
    for image in ax.images:
        values = image.get_array()
        if values is None or values.ndim != 2 or image.get_cmap().name == "gray":
            continue  # a photograph
        image.set_cmap(_map_of(image, cells=True))
        for text in ax.texts:
            column, row = (round(float(place)) for place in text.get_position())
            inside = 0 <= row < values.shape[0] and 0 <= column < values.shape[1]
            if inside and to_hex(text.get_color()) in ("#000000", TONES["#ffffff"]):
                shade: Any = image.cmap(image.norm(values[row, column]))
                text.set_color(ink_on(shade))
