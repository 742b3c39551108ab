"""Light and dark pages: all text is easy to read, and figures are drawn for each of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from tests.support.browser import CONTRASTS
from tests.support.figure_sweeps import ASHA, GRID, tiny_images, write_predictions, write_sweep
from tune_mc1.reporting.drawing.dark import PAPER, darken
from tune_mc1.reporting.drawing.spec import FigureSpec
from tune_mc1.reporting.figure_sets import make_figures
from tune_mc1.reporting.frames import read_frames
from tune_mc1.reporting.write_report import write_report

LEAST = 4.5
"""Contrast that WCAG 2 asks of text, level AA."""


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sweeps, the first of which has the predictions of its winner."""
    folder = tmp_path_factory.mktemp("sweeps")
    frames = write_sweep(folder / "grid", GRID)
    best = frames.trials.sort_values("best_val_acc")["trial"].iloc[-1]
    write_predictions(frames.where, [best], tiny_images())
    write_sweep(folder / "asha", ASHA)
    return [folder / "grid", folder / "asha"]


@pytest.fixture(scope="module")
def page(
    sweeps: list[Path], coarse_figures: None, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return write_report(sweeps, tmp_path_factory.mktemp("report"), "en", examples=False)


def test_text_is_easy_to_read(browser: Any, page: Path) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        tab = context.new_page()
        tab.goto(page.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
        found = tab.evaluate(CONTRASTS)
        assert len(found) > 100
        assert min(found)[0] >= LEAST, (scheme, min(found))
        context.close()


def test_each_page_shows_its_own_figures(browser: Any, page: Path) -> None:
    shown = {}
    for scheme in ("light", "dark"):
        narrow = {"width": 375, "height": 700}
        context = browser.new_context(color_scheme=scheme, viewport=narrow)
        tab = context.new_page()
        tab.goto(page.as_uri())
        tab.wait_for_load_state("networkidle")
        shown[scheme] = tab.eval_on_selector_all("img", "all => all.map((i) => i.currentSrc)")
        filters = "all => all.map((i) => getComputedStyle(i).filter)"
        assert set(tab.eval_on_selector_all("img", filters)) == {"none"}
        width = tab.evaluate("document.documentElement.scrollWidth")
        assert width <= 375, "the page scrolls sideways"
        context.close()
    assert not set(shown["light"]) & set(shown["dark"])
    assert len(shown["light"]) == len(shown["dark"]) > 10
    assert page.stat().st_size < 6e6


def test_dark_figures_are_dark_and_photographs_stay(page: Path) -> None:
    for light in sorted(page.parent.glob("figures/*/*.png")):
        if light.stem.endswith("-dark"):
            continue
        dark = light.with_name(f"{light.stem}-dark.png")
        pixels = [np.asarray(Image.open(p).convert("RGB")).astype(int) for p in (light, dark)]
        assert pixels[0].shape == pixels[1].shape, light
        corner = [tuple(p[2, -3]) for p in pixels]
        assert corner[0] == (255, 255, 255)
        assert np.abs(np.array(corner[1]) - 255 * np.array(to_rgb(PAPER))).max() < 2, dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_in_figures_are_easy_to_read(sweeps: list[Path], scheme: str) -> None:
    for folder in sweeps:
        frames = read_frames(folder)
        for spec in make_figures(frames, "en", tiny_images()):
            figure = drawn(spec, scheme)
            for text in figure.findobj(Text):
                if text.get_text().strip() and text.get_visible():
                    found = contrast(text.get_color(), paper_of(figure, text, scheme))
                    assert found >= LEAST, (spec.name, text.get_text(), text.get_color(), found)


def test_markers_have_the_colour_of_their_line(sweeps: list[Path]) -> None:
    """And lines by an ordered value stand out, also those of the smallest one."""
    seen = 0
    for spec in make_figures(read_frames(sweeps[0]), "en", tiny_images()):
        light, dark = (drawn(spec, scheme).findobj(Line2D) for scheme in ("light", "dark"))
        for before, after in zip(light, dark, strict=True):
            if before.get_markerfacecolor() == before.get_color():
                seen += 1
                assert to_rgb(after.get_markerfacecolor()) == to_rgb(after.get_color()), spec.name
            if spec.name.startswith("curves_") and str(before.get_label())[:1] not in ("", "_"):
                assert contrast(after.get_color(), PAPER) >= 3, (spec.name, before.get_label())
    assert seen > 5


def drawn(spec: FigureSpec, scheme: str) -> Figure:
    figure = spec.figure()
    figure.draw_without_rendering()
    if scheme == "dark":
        darken(figure)
    return figure


def paper_of(figure: Figure, text: Text, scheme: str) -> object:
    """What is behind a text: the colour of its cell, or the figure's."""
    for ax in figure.axes:
        if text in ax.texts and ax.images:
            image = ax.images[0]
            values = image.get_array()
            column, row = (round(float(place)) for place in text.get_position())
            if values is not None and values.ndim == 2 and not np.ma.is_masked(values[row, column]):
                value = values[row, column]
                if np.isfinite(value):
                    return image.cmap(image.norm(value))
    return PAPER if scheme == "dark" else "white"


def contrast(a: object, b: object) -> float:
    one, other = luminance(a), luminance(b)
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(color: object) -> float:
    known: Any = color
    channels: np.ndarray = np.array(to_rgb(known))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
