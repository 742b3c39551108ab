"""How many further observations would decide a comparison."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.power import TTestIndPower, TTestPower

from tune_mc1.reporting.statistics.estimate import ALPHA, UNITS, Estimate
from tune_mc1.reporting.words.text import Text, say
from tune_mc1.results.summary import FEWEST

POWER = 0.8
MOST = 200
"""Largest sample size that is recommended."""


@dataclass(frozen=True)
class MoreUnits:
    """The number of further observations that would decide a comparison.

    Attributes:
        more: The number; 0 if it is decided, None if no useful number is known.
        text: The same as a sentence.
    """

    more: int | None
    text: Text


def more_units(estimate: Estimate, margin: float = 0.0, alpha: float = ALPHA) -> MoreUnits:
    """Further units that a t-test needs for 80 % power at the effect and spread observed.

    The effect observed is itself uncertain, so this is a rough guide.

    Args:
        estimate: A difference.
        margin: Above 0 the question is whether the difference lies within ± `margin` or beyond.
        alpha: Level of the test.
    """
    if estimate.n == 0:
        return MoreUnits(None, Text("No trials to compare.", "Keine Läufe zum Vergleichen."))
    one, many = UNITS[estimate.unit]
    if not estimate.known:
        more = max(FEWEST - estimate.n, 1)
        en = "The spread is not known; run at least {more} more {unit} first."
        de = "Die Streuung ist unbekannt; dafür braucht es noch mindestens {more} {unit}."
        return MoreUnits(more, say(en, de, more=more, unit=many if more > 1 else one))
    p = min(estimate.p_within(margin), estimate.p_beyond(margin)) if margin else estimate.p
    if p < alpha:
        return MoreUnits(0, Text("Decided.", "Entschieden."))
    needed = _needed(estimate, margin, alpha)
    if needed is None:
        en = "So close to the limit that even {most} {unit} might not decide it."
        de = "So nah an der Grenze, dass auch {most} {unit} kaum entscheiden würden."
        return MoreUnits(None, say(en, de, most=MOST, unit=many))
    more = max(needed - estimate.n, 1)
    en = "About {more} more {unit} would decide it (80 % power)."
    de = "Zur Entscheidung braucht es noch etwa {more} {unit} (Teststärke 80 %)."
    return MoreUnits(more, say(en, de, more=more, unit=many if more > 1 else one))


def _needed(estimate: Estimate, margin: float, alpha: float) -> int | None:
    """The smallest number of units with enough power; None beyond `MOST`."""
    sizes = np.arange(2, MOST + 1)
    distance = abs(abs(estimate.value) - margin)
    side = "larger" if margin else "two-sided"
    if estimate.method == "Welch":
        effect = min(distance / estimate.spread, 5.0)
        power = TTestIndPower().power(effect, sizes, alpha, ratio=1.0, alternative=side)
    else:
        # Of folds the standard error is larger than the spread alone says.
        effect = min(distance / (estimate.se * math.sqrt(estimate.n)), 5.0)
        power = TTestPower().power(effect, sizes, alpha, alternative=side)
    enough: Sequence[int] = sizes[np.nan_to_num(power, nan=1.0) >= POWER]
    return int(enough[0]) if len(enough) else None
