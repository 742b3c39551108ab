"""Report on one or several sweeps: figures, page and slides from result directories."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tune_mc1.config.field_types import Lang
from tune_mc1.config.metrics import Goal
from tune_mc1.data.images import ImageData
from tune_mc1.data.on_disk import images_on_disk
from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.files import replacing
from tune_mc1.reporting.by_metric import by_metric
from tune_mc1.reporting.conclusions.verdicts import Verdict, verdicts
from tune_mc1.reporting.drawing.spec import FigureSpec, file_name, save
from tune_mc1.reporting.drawing.style import labels
from tune_mc1.reporting.figure_sets import compare_figures, make_figures
from tune_mc1.reporting.frames import SweepFrames, read_frames
from tune_mc1.reporting.pages.explorer import MOST_ROWS, explorer_data
from tune_mc1.reporting.pages.page import Chapter, Compared, Picture, VerdictRow, render
from tune_mc1.reporting.pages.result_tables import setting_groups, summary_text
from tune_mc1.reporting.pages.sections import make_section
from tune_mc1.reporting.pages.slides import write_slides
from tune_mc1.reporting.pages.stat_tables import statistic_views
from tune_mc1.reporting.pages.views import TableView, cell
from tune_mc1.reporting.publish import publish
from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics
from tune_mc1.reporting.words.page_texts import speaker
from tune_mc1.reporting.words.text import join
from tune_mc1.results.ranking import Rank

Notify = Callable[[str], None]


def write_report(
    directories: Sequence[Path],
    output: Path | None,
    lang: Lang,
    *,
    examples: bool = True,
    tables: bool = False,
    rank: Rank = "ended",
    metric: str | None = None,
    goal: Goal | None = None,
    notify: Notify = lambda _: None,
) -> Path:
    """Writes `report.html`, `slides.md` and `figures/`.

    Args:
        directories: Result directories; several are compared side by side.
        output: Folder of the report; None means `report/`, in the result directory if there is
            only one, else in the current one.
        lang: Language of all words.
        examples: Whether images of the data set are shown.
        tables: Whether the result tables are copied beside the report, without host names and
            paths (`tune_mc1.reporting.publish`).
        rank: How settings and trials are ranked.
        metric: Metric by which trials are compared; None for that which each sweep optimised.
        goal: Its goal, where it is not known.
        notify: Called with each notice for the user.

    Returns:
        The path of `report.html`.

    Raises:
        InputError: If a directory cannot be read, or has no trials.
    """
    sweeps = [_with_trials(directory, rank) for directory in directories]
    default = sweeps[0].where.root if len(sweeps) == 1 else Path()
    out = output or default / "report"
    _make(out)
    names = unique_names(sweeps)
    if tables:  # the report is on the copies, so that it names no place either
        pairs = zip(sweeps, names, strict=True)
        sweeps = [
            read_frames(publish(frames, out / file_name(name)).root, rank) for frames, name in pairs
        ]
    sweeps = [replace(frames, label=name) for frames, name in zip(sweeps, names, strict=True)]
    if metric is not None:
        sweeps = [by_metric(frames, metric, goal) for frames in sweeps]
    found = verdicts([frames for frames in sweeps if not frames.of_program])
    chapters = [
        _chapter(frames, name, out, lang, found, _images(frames, examples, notify), len(sweeps))
        for frames, name in zip(sweeps, names, strict=True)
    ]
    compared = _compared(sweeps, names, out, lang) if len(sweeps) > 1 else None
    title = speaker(lang)("report_title", names=", ".join(names[:4]) + ("…" if names[4:] else ""))
    rows = [verdict_row(v, lang) for v in found if v.result != "not run" or _asked(v, sweeps)]
    page = out / "report.html"
    _write(page, render(title, chapters, rows, compared, lang))
    _write(out / "slides.md", write_slides(title, chapters, compared, lang))
    return page


def _with_trials(directory: Path, rank: Rank) -> SweepFrames:
    """The tables of a sweep, which must have trials."""
    frames = read_frames(directory, rank)
    if frames.trials.empty:
        raise InputError(f"{frames.where.root}: has no trials yet")
    return frames


def _make(out: Path) -> None:
    """Makes the folder of a report."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: a report cannot be written here: {error.strerror}") from None


def _write(path: Path, text: str) -> None:
    with replacing(path) as aside:
        aside.write_text(text)


def unique_names(sweeps: Sequence[SweepFrames]) -> list[str]:
    """A name for each sweep: its own, or that of its directory if several share one.

    Directories of one name are told apart by those that they are in, and at last by a number.
    """
    names = [frames.name for frames in sweeps]
    for depth in (1, 2):
        found = list(names)
        for place, frames in enumerate(sweeps):
            if found.count(names[place]) > 1:
                names[place] = "/".join(frames.where.root.parts[-depth:])
    return labels(names, 200)


def _asked(verdict: Verdict, sweeps: Sequence[SweepFrames]) -> bool:
    """Whether a verdict concerns a study that was given."""
    return any(frames.name in verdict.studies for frames in sweeps if not frames.of_program)


def _images(frames: SweepFrames, examples: bool, notify: Notify) -> ImageData | None:
    """The sweep's images if they are available, for the winner's mistakes."""
    if not examples or not frames.where.predictions.exists():
        return None
    try:
        data = images_on_disk(frames.sweep, str(frames.facts.get("data")), lazy=True)
    except TuneMc1Error as error:
        notify(f"{frames.name}: no examples of mistakes, as its images are not available ({error})")
        return None
    return data if data.fingerprint == frames.facts.get("fingerprint") else None


def _chapter(
    frames: SweepFrames,
    name: str,
    out: Path,
    lang: Lang,
    found: Sequence[Verdict],
    data: ImageData | None,
    sweeps: int,
) -> Chapter:
    statistics = SweepStatistics(frames)
    figures = make_figures(frames, lang, data, statistics)
    pictures = [_picture(spec, name, out) for spec in figures]
    t = speaker(lang, of_program=frames.of_program)
    section = make_section(frames, name, statistic_views(statistics, lang), t)
    study = "" if frames.of_program else frames.name
    own = [verdict_row(v, lang) for v in found if v.studies[0] == study]
    small = len(frames.history) <= MOST_ROWS
    explorer = explorer_data(frames, statistics.importance, lang, sweeps) if small else ""
    return Chapter(section, pictures, list(figures.left_out), study, own, explorer)


def _picture(spec: FigureSpec, name: str, out: Path) -> Picture:
    folder = file_name(name)
    png, _, dark = save(spec, out / "figures" / folder)
    return Picture(f"{folder}/{spec.name}", spec.title, spec.caption, png, dark)


def verdict_row(verdict: Verdict, lang: Lang) -> VerdictRow:
    """A verdict in the words of one language."""
    effect = verdict.effect
    ends = (effect.low, effect.high)
    more = [verdict.more.text] if verdict.result == "undecided" else []
    return VerdictRow(
        statement=verdict.statement.of(lang),
        result=verdict.result,
        compared=verdict.compared.of(lang),
        effect=signed(effect.value),
        interval="–" if math.isnan(effect.low) else " … ".join(map(signed, ends)),
        published="–" if verdict.published is None else signed(verdict.published),
        trials=str(effect.trials or "–"),
        reason=": ".join(
            filter(None, [verdict.measured.of(lang), join([verdict.reason, *more]).of(lang)])
        ),
        one_seed=effect.seeds == 1 and verdict.result in ("confirmed", "not confirmed"),
    )


def signed(value: float) -> str:
    """A difference with its sign, to three decimals; a dash where it is not known."""
    return "–" if math.isnan(value) else f"{value:+.3f}".replace("-", "−")


def _compared(
    sweeps: Sequence[SweepFrames], names: Sequence[str], out: Path, lang: Lang
) -> Compared:
    t = speaker(lang)
    rows: list[list[Any]] = []
    for frames, name in zip(sweeps, names, strict=True):
        settings = setting_groups(frames)
        best = settings.iloc[0] if len(settings) else None
        tests = [] if best is None else best["test"]
        test = sum(tests) / len(tests) if tests else None
        digits = frames.decimals(3)
        rows.append(
            [
                cell(name),
                cell(frames.facts.get("program" if frames.of_program else "data")),
                cell(frames.trials["config_hash"].nunique()),
                cell(len(frames.trials)),
                cell(frames.sweep.metric.name or None),
                cell(None if best is None else summary_text(best["summary"], digits)),
                cell(test, 3),
                cell(float(frames.trials["seconds"].sum()) / 60, 1),
            ]
        )
    programs = all(frames.of_program for frames in sweeps)
    if programs:
        t = speaker(lang, of_program=True)
    heads = [
        "study",
        "program" if programs else "data",
        "settings",
        "n",
        "metric",
        "best_short",
        "test_short",
        "minutes",
    ]
    view = TableView(t("agenda"), [t(h) for h in heads], rows)
    figures = compare_figures(sweeps, lang)
    return Compared([view], [_picture(spec, "compared", out) for spec in figures])
