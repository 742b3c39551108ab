"""A conclusion of the reference as a rule, which results confirm or not."""

from collections.abc import Callable
from dataclasses import dataclass

from tune_mc1.reporting.conclusions.findings import Finding, Studies
from tune_mc1.reporting.words.text import NOTHING, Text


@dataclass(frozen=True)
class Rule:
    """One conclusion of the reference.

    Attributes:
        id: Its name.
        studies: Names of the studies that it needs; rules with the same first study share Holm's
            correction.
        slide: Heading of the reference's slide.
        statement: The conclusion as it was drawn, made precise enough to test.
        effect: Name of the effect, such as CNN6 − CNN5.
        examine: Tests it on results.
        published: The effect in the reference; None if it is not known.
        caveat: Other differences that may be the cause.
    """

    id: str
    studies: tuple[str, ...]
    slide: str
    statement: Text
    effect: Text
    examine: Callable[[Studies], Finding]
    published: float | None = None
    caveat: Text = NOTHING


def less(a: str, b: str) -> Text:
    """The name of an effect: b less a."""
    return Text(f"{b} − {a}", f"{b} − {a}")
