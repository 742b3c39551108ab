"""Kinds of figures of a report: when a sweep has one, what it shows, and its words.

A file of `tune_mc1.reporting.figures`, or a module of another package, registers a kind with
`FIGURES`; it then stands in `figures/`, on the page and on the slides. This module imports no
drawing library, so that a plugin stays cheap where nothing is drawn: a plugin imports matplotlib
inside its functions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from tune_mc1.registry import Registry

if TYPE_CHECKING:
    from tune_mc1.reporting.drawing.context import Context
    from tune_mc1.reporting.drawing.spec import FigureSpec


@dataclass(frozen=True)
class LeftOut:
    """The reason why a figure is missing that readers might look for.

    Attributes:
        reason: A sentence in the report's language.
    """

    reason: str


Built: TypeAlias = "Iterable[FigureSpec | LeftOut]"


def has_scores(context: "Context") -> bool:
    """Whether validation scores of a sweep say something: it has any, and is no training check."""
    return context.has_scores and not context.single_batch


def _nothing(_: object) -> Built:
    return ()


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure, of which a report has none, one or several.

    Attributes:
        order: Its place in a report: the smallest comes first. Those that ship have multiples of
            ten.
        build: Yields the figures of one sweep, not drawn yet.
        compare: Yields figures of several sweeps side by side. All contexts have scores.
        applies: Whether `build` is asked. It never is where no trial has finished an epoch.
        words: Its texts by key, each in English and German, which `Context.t` finds before the
            shared ones. For sweeps of programs their epochs become iterations.
        training_only: Whether it is about built-in training, so that sweeps of programs have none.
    """

    order: float
    build: "Callable[[Context], Built]" = _nothing
    compare: "Callable[[Sequence[Context]], Built]" = _nothing
    applies: "Callable[[Context], bool]" = has_scores
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    training_only: bool = False


FIGURES: Registry[FigureKind] = Registry("figure", "tune_mc1.reporting.figures")
