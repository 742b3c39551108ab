"""Texts in both languages at once."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tune_mc1.config.field_types import Lang


@dataclass(frozen=True)
class Text:
    """One text in English and in German.

    Attributes:
        en: In English.
        de: In German.
    """

    en: str = ""
    de: str = ""

    def __bool__(self) -> bool:
        return bool(self.en)

    def of(self, lang: Lang) -> str:
        """The text in one language."""
        return self.de if lang == "de" else self.en


NOTHING = Text()
"""No text."""


def say(en: str, de: str, **values: object) -> Text:
    """A text with values in it, formatted as by `str.format`.

    Floats get four significant digits, with a point in both languages, as in Switzerland; a `Text`
    is inserted in the language of each.
    """
    return Text(
        en.format(**{k: _shown(v, "en") for k, v in values.items()}),
        de.format(**{k: _shown(v, "de") for k, v in values.items()}),
    )


def join(parts: Iterable[Text], between: str = " ") -> Text:
    """Texts one after the other, empty ones left out."""
    full = [part for part in parts if part]
    return Text(between.join(p.en for p in full), between.join(p.de for p in full))


def points(value: float) -> Text:
    """A difference of accuracies with its sign, to three digits after the point."""
    if math.isnan(value):
        return Text("unknown", "unbekannt")
    shown = f"{value:+.3f}".replace("-", "−")
    return Text(shown, shown)


def _shown(value: object, lang: Lang) -> str:
    if isinstance(value, Text):
        return value.of(lang)
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
