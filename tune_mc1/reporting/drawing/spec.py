"""Figures that can be drawn, and their files: the same bytes in every run."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from tune_mc1.reporting.drawing.dark import PAPER, darken
from tune_mc1.reporting.drawing.style import RC

DPI = 150
"""Resolution of the PNG."""
SVG_DPI = 100
"""Resolution of the rasterised parts of an SVG: lines by the hundred."""
COLORS = 256
"""Colours of a PNG without photographs, which makes it a third of the size."""

LONGEST = 100
"""Characters of a file's name, without the suffix."""

ID = re.compile(r'(\bid="|href="#|url\(#)([A-Za-z]?[0-9a-f]{10})(?=["\)])')


@dataclass(frozen=True)
class FigureSpec:
    """A figure that is drawn on demand, so that a report holds one at a time.

    Attributes:
        name: Name of its files without suffix.
        title: Its heading, also written on the figure.
        caption: Full sentences on its content and the trials behind it.
        draw: Draws it (`tune_mc1.reporting.drawing.sheet` makes an empty one).
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


def file_name(name: str) -> str:
    """A name without characters that paths and links cannot have, and not too long for a file."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "figure"
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST // 2]}-{plain[-LONGEST // 2 :]}"


def save(spec: FigureSpec, folder: Path) -> tuple[Path, Path, Path]:
    """Draws a figure and writes it as PNG, as SVG, and as PNG for dark pages.

    The SVG keeps text as text, and has neither a date nor random ids.

    Args:
        spec: The figure.
        folder: Where they go; created if missing.

    Returns:
        The three files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = (f"{spec.name}{end}" for end in (".png", ".svg", "-dark.png"))
    png, svg, dark = (folder / name for name in names)
    with mpl.rc_context(RC):
        figure = spec.draw()
        _save_png(figure, png, spec.photographs)
        figure.set_layout_engine(None)  # its places are found: nothing need be drawn to find them
        text = io.StringIO()
        figure.savefig(text, format="svg", dpi=SVG_DPI, metadata={"Date": None, "Creator": None})
        darken(figure)
        _save_png(figure, dark, spec.photographs, PAPER)
    svg.write_text(_numbered_ids(text.getvalue()))
    return png, svg, dark


def _save_png(figure: Figure, path: Path, photographs: bool, paper: str = "white") -> None:
    pixels = io.BytesIO()
    quick = {"compress_level": 1}  # it is read again at once
    figure.savefig(pixels, format="png", dpi=DPI, facecolor=paper, pil_kwargs=quick)
    with Image.open(pixels) as image:
        plain = image.convert("RGB")
    if not photographs:
        plain = plain.quantize(COLORS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    plain.save(path, optimize=True, dpi=(DPI, DPI))


def _numbered_ids(svg: str) -> str:
    """The same picture with ids numbered in order.

    Matplotlib's ids are hashes of coordinates, whose last digits vary with the search for a
    layout.
    """
    numbers: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        return f"{found[1]}i{numbers.setdefault(found[2], len(numbers))}"

    return ID.sub(numbered, svg)
