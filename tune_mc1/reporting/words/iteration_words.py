"""Words of sweeps of programs, which have iterations where ours have epochs."""

import re

from tune_mc1.reporting.words.catalogue import Catalogue
from tune_mc1.reporting.words.text import Text

_EPOCH = re.compile(r"(?<![{\w])([Ee])po(?:ch(s?)|che(n?))(?![\w}])")


def in_iterations(words: Catalogue) -> Catalogue:
    """The same texts with iterations in the place of epochs; keys of values stay.

    Args:
        words: A catalogue in English and German.
    """
    return {key: (_iteration(en), _iteration(de)) for key, (en, de) in words.items()}


def _iteration(text: str) -> str:
    return _EPOCH.sub(_word, text)


def _word(found: re.Match[str]) -> str:
    first = "I" if found[1] == "E" else "i"
    if found[3] is None:
        return f"{first}teration{found[2]}"
    return f"{first}teration{'en' if found[3] else ''}"


EPOCH = Text("epoch", "Epoche")
ITERATION = Text("iteration", "Iteration")


def unit_word(of_program: bool) -> Text:
    """The word for the unit of a history."""
    return ITERATION if of_program else EPOCH
