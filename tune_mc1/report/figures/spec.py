"""A figure that can be drawn, and its files: the same bytes in every run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tune_mc1.report.figures.style import RC

DPI = 150
"""Resolution of the PNG, and of the parts of an SVG that are pixels."""


@dataclass(frozen=True)
class FigureSpec:
    """A figure, drawn when it is asked for, so that a report holds one at a time.

    Attributes:
        name: Name of its files without suffix, unique in a sweep.
        title: Its heading, which stands on the figure too.
        caption: What it shows and over how many trials, in full sentences.
        draw: Makes it.
        photographs: Whether it shows images of the data set, whose colours must stay.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]
    photographs: bool = False

    def figure(self) -> Figure:
        """The figure, with this package's fonts and lines."""
        with mpl.rc_context(RC):
            return self.draw()


@dataclass(frozen=True)
class FigureSet:
    """The figures of a sweep, in the order of a report.

    Attributes:
        specs: The figures.
        left_out: Why a figure is missing that readers might look for; a sentence each.
    """

    specs: Sequence[FigureSpec]
    left_out: Sequence[str] = ()

    def __iter__(self) -> Iterator[FigureSpec]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def __getitem__(self, name: str) -> FigureSpec:
        return next(spec for spec in self.specs if spec.name == name)


def save(spec: FigureSpec, folder: Path) -> tuple[Path, Path]:
    """Draws a figure and writes it as PNG and as SVG.

    The SVG keeps text as text, and has neither date nor random ids.

    Args:
        spec: The figure.
        folder: Where; made if it is not there.

    Returns:
        Both files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    png, svg = (folder / f"{spec.name}.{suffix}" for suffix in ("png", "svg"))
    with mpl.rc_context(RC):
        figure = spec.draw()
        figure.savefig(png, dpi=DPI, metadata={"Software": None})
        figure.set_layout_engine("none")  # its places are found; the SVG needs no second search
        figure.savefig(svg, dpi=DPI, metadata={"Date": None, "Creator": None})
    return png, svg
