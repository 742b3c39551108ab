"""Figures of reports whose words are what a test is about: constructed, but not painted.

Painting takes half a second of the CPU for each figure. `reporting/test_figures_files.py` lays out
the figures of all kinds of sweeps, and reports in browsers have their pictures.
"""

from pathlib import Path

from PIL import Image

from tune_mc1.reporting.drawing.spec import FigureSpec


def save(spec: FigureSpec, folder: Path) -> tuple[Path, Path, Path]:
    """Stands in for that of `reporting/drawing/spec.py`; its files are empty pictures."""
    spec.figure()
    folder.mkdir(parents=True, exist_ok=True)
    names = (f"{spec.name}{end}" for end in (".png", ".svg", "-dark.png"))
    png, svg, dark = (folder / name for name in names)
    for path in (png, dark):
        Image.new("P", (4, 3)).save(path)
    svg.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return png, svg, dark
