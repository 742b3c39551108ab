"""The report as one HTML file that needs nothing else: no network, no other file."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from PIL import Image

from tune_mc1 import __version__
from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.pages.explorer import explorer_assets
from tune_mc1.reporting.pages.sections import Section
from tune_mc1.reporting.pages.views import TableView
from tune_mc1.reporting.words.page_texts import speaker


@dataclass(frozen=True)
class Picture:
    """A figure on disk.

    Attributes:
        name: Its file's name without suffix, unique in a report.
        title: Its heading.
        caption: The caption below it.
        png: The picture.
        dark: The picture for a dark page.
    """

    name: str
    title: str
    caption: str
    png: Path
    dark: Path

    @property
    def uris(self) -> tuple[str, str]:
        """Both pictures as data URIs, the light one first."""
        return _uri(self.png), _uri(self.dark)


def _uri(png: Path) -> str:
    """A picture as WebP, which takes four fifths of a PNG and shows the same."""
    pixels = io.BytesIO()
    with Image.open(png) as image:
        image.convert("RGB").save(pixels, "WEBP", lossless=True, quality=60, method=4)
    return f"data:image/webp;base64,{base64.b64encode(pixels.getvalue()).decode()}"


@dataclass(frozen=True)
class VerdictRow:
    """A verdict in words.

    Attributes:
        statement: The conclusion.
        result: `confirmed`, `not confirmed`, `undecided` or `not run`.
        one_seed: Whether all trials share one seed, so that no interval shows its effect.
        compared: Name of the effect, such as CNN6 − CNN5.
        effect: Its size.
        interval: Both ends of its 95 % interval.
        published: The same effect in the reference.
        trials: Number of trials behind it.
        reason: The basis of the verdict.
    """

    statement: str
    result: str
    compared: str
    effect: str
    interval: str
    published: str
    trials: str
    reason: str
    one_seed: bool = False


@dataclass(frozen=True)
class Chapter:
    """One sweep in a report: its words, tables and pictures.

    Attributes:
        section: Words and tables.
        pictures: Its figures.
        left_out: The reasons why figures are missing that readers might look for.
        study: Name of the study, or of the sweep; empty for a program's.
        verdicts: Those whose first study it is.
        explorer: Data of its interactive figures (`tune_mc1.reporting.pages.explorer`).
    """

    section: Section
    pictures: Sequence[Picture]
    left_out: Sequence[str]
    study: str
    verdicts: Sequence[VerdictRow]
    explorer: str = ""

    @property
    def of_training(self) -> bool:
        """Whether it is about built-in training."""
        return bool(self.study)


@dataclass(frozen=True)
class Compared:
    """Several sweeps side by side."""

    tables: Sequence[TableView]
    pictures: Sequence[Picture]


def said_once(pictures: Sequence[Picture]) -> list[Picture]:
    """Pictures of a page whose captions leave out the sentences of earlier ones.

    Only the first sentence, which says what a figure shows, stays in any case.
    """
    said: set[str] = set()
    found = []
    for picture in pictures:
        first, *others = re.split(r"(?<=[.!?]) (?=[^\W\d_])", picture.caption)
        kept = [sentence for sentence in others if sentence not in said]
        said.update(others)
        found.append(replace(picture, caption=" ".join([first, *kept])))
    return found


def with_code(text: str) -> Markup:
    """A text in HTML, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def render(
    title: str,
    chapters: Sequence[Chapter],
    verdicts: Sequence[VerdictRow],
    compared: Compared | None,
    lang: Lang,
) -> str:
    """The page.

    Args:
        title: Its heading.
        chapters: One per sweep.
        verdicts: The verdicts on all conclusions.
        compared: Several sweeps side by side; None for a single one.
        lang: Its language.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["code"] = with_code
    source = files("tune_mc1.reporting") / "templates" / "report.html.j2"
    sections: list[dict[str, Any]] = [
        {
            **vars(c.section),
            "figures": said_once(c.pictures),
            "left_out": c.left_out,
            "explorer": c.explorer,
        }
        for c in chapters
    ]
    side = None
    if compared is not None:
        side = {"tables": compared.tables, "figures": compared.pictures}
    return environment.from_string(source.read_text()).render(
        title=title,
        lang=lang,
        t=speaker(lang),
        sections=sections,
        verdicts=verdicts,
        compared=side,
        version=__version__,
        assets=explorer_assets() if any(c.explorer for c in chapters) else None,
    )
