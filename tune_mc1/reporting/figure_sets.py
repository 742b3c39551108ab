"""The figures of one sweep, and of several side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tune_mc1.config.field_types import Lang
from tune_mc1.data.images import ImageData
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.drawing.spec import FigureSpec, file_name
from tune_mc1.reporting.figure_kinds import FIGURES, Built, FigureKind, LeftOut
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics
from tune_mc1.reporting.words.text import Text

NO_SCORES = Text(
    "No figures yet: no trial has finished an epoch.",
    "Noch keine Abbildungen: kein Trial hat eine Epoche beendet.",
)
NOT_LOGGED = Text(
    "No figures yet: no trial has logged the metric.",
    "Noch keine Abbildungen: kein Trial hat die Metrik ausgegeben.",
)
NO_METRIC = Text(
    "No figures: the sweep names no metric by which trials could be compared. `report --metric` "
    "takes one that they logged.",
    "Keine Abbildungen: der Sweep nennt keine Metrik, nach der sich Trials vergleichen liessen. "
    "`report --metric` nimmt eine, die sie ausgegeben haben.",
)


@dataclass(frozen=True)
class FigureSet:
    """Figures in the order of a report.

    Attributes:
        specs: The figures, whose names differ.
        left_out: Why a figure is missing that readers might look for; one sentence each.
    """

    specs: Sequence[FigureSpec]
    left_out: Sequence[str] = ()

    def __iter__(self) -> Iterator[FigureSpec]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def __getitem__(self, name: str) -> FigureSpec:
        return next(spec for spec in self.specs if spec.name == name)


def make_figures(
    frames: SweepFrames,
    lang: Lang,
    images: ImageData | None = None,
    statistics: SweepStatistics | None = None,
) -> FigureSet:
    """The figures that a sweep's results allow.

    Args:
        frames: The sweep, finished or not.
        lang: Language of all words.
        images: The sweep's images, for those that its winner got wrong.
        statistics: Its statistics, for marginal means and importance.
    """
    if frames.of_program and not frames.metric:
        return FigureSet((), (NO_METRIC.of(lang),))
    nothing = NOT_LOGGED if frames.of_program else NO_SCORES
    if frames.trials.empty or frames.history.empty:
        return FigureSet((), (nothing.of(lang),))
    context = Context(frames, lang, images, statistics)
    found = _collect(
        built
        for kind in _ordered()
        if not (kind.training_only and frames.of_program) and kind.applies(context)
        for built in kind.build(context.with_words(kind.words))
    )
    return found if found.specs or found.left_out else FigureSet((), (nothing.of(lang),))


def compare_figures(sweeps: Sequence[SweepFrames], lang: Lang) -> FigureSet:
    """The figures of several sweeps together.

    Args:
        sweeps: In the order of their report; those without scores are left out. Sweeps of programs
            are compared with each other only.
        lang: Language of all words.
    """
    contexts = [Context(frames, lang) for frames in sweeps]
    contexts = [context for context in contexts if context.has_scores]
    kinds = [[c for c in contexts if c.of_program == program] for program in (False, True)]
    return _collect(
        built
        for kind in _ordered()
        for alike in kinds
        if len(alike) > 1 and not (kind.training_only and alike[0].of_program)
        for built in kind.compare([context.with_words(kind.words) for context in alike])
    )


def _ordered() -> list[FigureKind]:
    return sorted(FIGURES.values(), key=lambda kind: kind.order)


def _collect(found: Built) -> FigureSet:
    """The figures, with names for files, and the reasons.

    A name that occurs again gets a number.
    """
    specs: list[FigureSpec] = []
    reasons: list[str] = []
    for each in found:
        if isinstance(each, LeftOut):
            reasons.append(each.reason)
            continue
        taken = [spec.name for spec in specs]
        name, number = file_name(each.name), len(specs)
        specs.append(replace(each, name=f"{name}_{number}" if name in taken else name))
    return FigureSet(tuple(specs), tuple(dict.fromkeys(reasons)))
