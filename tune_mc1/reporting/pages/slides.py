"""The report as slides: Markdown for Marp, in the order of the reference's deck."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tune_mc1.config.field_types import Lang
from tune_mc1.planning.studies import STUDIES
from tune_mc1.reporting.pages.page import Chapter, Compared, Picture, VerdictRow
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.reporting.words.page_texts import speaker


@dataclass(frozen=True)
class Heading:
    """A slide of the reference's deck.

    Attributes:
        study: The study that it shows.
        en: Its heading in English.
        de: Its heading in German, as published where it was.
        figures: Prefixes of the names of the figures that fit it, best first.
    """

    study: str
    en: str
    de: str
    figures: tuple[str, ...]


DECK = (
    Heading("single_batch", "Single-batch check", "Ein Batch zur Probe", ("single_batch",)),
    Heading("first_grid", "Comparison of architectures", "Architekturvergleich", ("curves_model",)),
    Heading(
        "first_grid",
        "Learning rate and batch size",
        "Learning Rate und Batchsize",
        ("heatmap", "curves_batch_size", "curves_learning_rate"),
    ),
    Heading(
        "first_grid",
        "Weight initialisation",
        "Gewichtsinitialisierung",
        ("curves_weights_init_type",),
    ),
    Heading("estimation_error", "Estimation error", "Schätzfehler", ("fold",)),
    Heading("layers_and_units", "Conv2D layers", "Conv2D Layer", ("curves_model",)),
    Heading(
        "layers_and_units",
        "Model complexity",
        "Fazit zur Modellkomplexität",
        ("accuracy_parameters", "accuracy_time"),
    ),
    Heading(
        "layers_and_units_long",
        "Model complexity: 50 epochs",
        "Fazit zur Modellkomplexität: 50 Epochen",
        ("curves_model",),
    ),
    Heading(
        "complexity",
        "Model complexity: random search",
        "Fazit zur Modellkomplexität: Zufallssuche",
        ("curves_model", "parallel"),
    ),
    Heading(
        "regularisation",
        "Ridge regularisation and dropout",
        "Ridge Regularisierung und Dropout",
        ("parallel", "curves"),
    ),
    Heading("batch_norm", "Batch normalisation", "Batch Normalization", ("compare", "curves")),
    Heading(
        "batch_norm_long",
        "Batch normalisation: 100 epochs",
        "Batch Normalization: 100 Epochen",
        ("curves", "overfitting"),
    ),
    Heading("adam", "Optimising with Adam", "Optimierung mit Adam", ("compare", "curves")),
    Heading(
        "larger_models",
        "Extra: larger models",
        "Extra: grössere Modelle",
        ("curves_model", "accuracy_parameters"),
    ),
)
"""Slides of the reference's deck, in its order."""

MOST_BULLETS = 4

STYLE = """\
style: |
  section { font-size: 26px; padding: 48px 64px; }
  section.figure { display: flex; flex-direction: column; justify-content: flex-start; }
  section.figure h2 { font-size: 32px; margin: 0 0 12px; }
  section.figure p { margin: 0; }
  section.figure p:has(img) { flex: 1; min-height: 0; }
  section.figure img { width: 100%; height: 100%; object-fit: contain; }
  section.figure small { display: block; font-size: 16px; line-height: 1.35; padding-right: 48px; }
"""
"""A figure takes the space that heading and caption leave, so that no caption is cut off."""


def write_slides(
    title: str,
    chapters: Sequence[Chapter],
    compared: Compared | None,
    lang: Lang,
) -> str:
    """The slides.

    Args:
        title: Heading of the first slide.
        chapters: One per sweep.
        compared: Several sweeps side by side; None for a single one.
        lang: Their language.

    Returns:
        Markdown for Marp; figures are linked by their path relative to the report's folder.
    """
    t = speaker(lang)
    ordered = sorted(chapters, key=lambda c: _place(c.study))
    ours = all(chapter.of_training for chapter in chapters)
    subtitle = t("deck_subtitle" if ours else "deck_subtitle_any")
    slides = [f"# {title}\n\n{subtitle}", *_agenda(ordered, t)]
    for chapter in ordered:
        slides += _chapter(chapter, compared, lang, t)
    slides.append(_limits(ordered, t))
    head = f"---\nmarp: true\npaginate: true\nsize: 16:9\nlang: {lang}\n{STYLE}---\n"
    return head + "\n\n---\n\n".join(slides) + "\n"


def _place(study: str) -> int:
    return STUDIES.index(study) if study in STUDIES else len(STUDIES)


def _agenda(chapters: Sequence[Chapter], t: Say) -> Iterator[str]:
    rows = [
        f"| {c.section.title} | {dict(c.section.facts).get(t('search'), '')} |" for c in chapters
    ]
    for start in range(0, len(rows), 8):
        table = "\n".join([f"| {t('study')} | {t('search')} |", "|---|---|", *rows[start:][:8]])
        yield f"## {t('agenda')}\n\n{table}"


def _chapter(chapter: Chapter, compared: Compared | None, lang: Lang, t: Say) -> Iterator[str]:
    pictures = {p.name: p for p in chapter.pictures}
    if compared is not None and chapter.study in ("batch_norm", "adam"):
        pictures = {p.name: p for p in compared.pictures} | pictures
    shown: set[str] = set()
    headings = [h for h in DECK if h.study == chapter.study]
    for index, heading in enumerate(headings):
        picture = _first(pictures, heading.figures, shown)
        title = heading.de if lang == "de" else heading.en
        reached = [v for v in chapter.verdicts if v.result != "not run"]
        verdicts = reached if index == len(headings) - 1 else ()
        if picture is not None:
            shown.add(picture.name)
            yield _picture_slide(title, picture)
        yield from _verdict_slides(title, verdicts, t)
    for picture in chapter.pictures:
        if picture.name not in shown:
            yield _picture_slide(f"{chapter.section.title}: {picture.title}", picture)
    yield _winner_slide(chapter, t)


def _first(
    pictures: dict[str, Picture], prefixes: Sequence[str], shown: set[str]
) -> Picture | None:
    for prefix in prefixes:
        for name, picture in pictures.items():
            if name.rpartition("/")[2].startswith(prefix) and name not in shown:
                return picture
    return None


def _picture_slide(title: str, picture: Picture) -> str:
    image = f"![](figures/{picture.name}.png)"
    return f"<!-- _class: figure -->\n\n## {title}\n\n{image}\n\n<small>{picture.caption}</small>"


def _verdict_slides(title: str, verdicts: Sequence[VerdictRow], t: Say) -> Iterator[str]:
    for start in range(0, len(verdicts), MOST_BULLETS):
        bullets = [
            f"- **{result_text(v, t)}**: {v.statement} ({v.compared}: {v.effect}, {v.interval})"
            for v in verdicts[start : start + MOST_BULLETS]
        ]
        yield f"## {title}: {t('verdicts')}\n\n" + "\n".join(bullets)


def result_text(verdict: VerdictRow, t: Say) -> str:
    """The result of a verdict, with its limits."""
    result = t(verdict.result)
    return t("one_seed", result=result) if verdict.one_seed else result


def _winner_slide(chapter: Chapter, t: Say) -> str:
    section = chapter.section
    lines = [f"- {label}: {value}" for label, value in section.winner]
    if section.winner_note:
        lines.append(f"- {section.winner_note}")
    return f"## {section.title}: {t('winner')}\n\n" + "\n".join(lines)


def _limits(chapters: Sequence[Chapter], t: Say) -> str:
    """The limits of the conclusions, each once, with the sweeps that it applies to."""
    holds: dict[str, list[str]] = {}
    for chapter in chapters:
        for warning in chapter.section.warnings:
            holds.setdefault(warning, []).append(chapter.section.title)
    lines = [f"- {text} ({', '.join(names)})" for text, names in holds.items()]
    return f"## {t('weaknesses')}\n\n" + "\n".join(lines or ["- –"])
