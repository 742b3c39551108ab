"""One conclusion of the reference, as a rule that results confirm or not."""

from collections.abc import Callable
from dataclasses import dataclass

from tune_mc1.reporting.conclusions.findings import Finding, Studies
from tune_mc1.reporting.words.text import NOTHING, Text


@dataclass(frozen=True)
class Rule:
    """One conclusion of the reference.

    Attributes:
        id: Its name.
        studies: Names of the studies that it needs; the first one is the one whose tests share
            Holm's correction.
        slide: Heading of the reference's slide.
        statement: The conclusion as it was drawn, made precise enough to test.
        effect: What the effect is, such as CNN6 less CNN5.
        examine: What results say of it.
        published: The same effect in the reference; None where it is not known.
        caveat: What else differs, so that the cause may be another.
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
