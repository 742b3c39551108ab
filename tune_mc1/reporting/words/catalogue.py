"""Catalogues of texts by key in English and German (Swiss spelling), and numbers as text."""

from collections.abc import Callable, Mapping
from typing import Any

from tune_mc1.config.field_types import Lang

Catalogue = Mapping[str, tuple[str, str]]
"""Texts by key, each in English and in German, with `{names}` as in `str.format`."""

Say = Callable[..., str]
"""Gives the text of a key, with the values that the text names as keyword arguments."""


def speaker(words: Catalogue, lang: Lang) -> Say:
    """Makes the function that looks up a catalogue in one language.

    Args:
        words: The catalogue.
        lang: The language.

    Returns:
        A function of a key and of the values that its text names.
    """
    index = 0 if lang == "en" else 1

    def say(key: str, **values: Any) -> str:
        return words[key][index].format(**values)

    return say


def count(t: Say, what: str, n: int) -> str:
    """A number of trials, settings or units, in singular or plural."""
    return t(f"{what}_1") if n == 1 else t(f"{what}_n", n=n)


def capital(text: str) -> str:
    """A text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def number(value: float, digits: int = 3) -> str:
    """A number with at most so many significant digits, without a needless exponent."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    else:
        text = f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
        mantissa, _, exponent = text.partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    return text.replace("-", "−") if text.startswith("-") else text
