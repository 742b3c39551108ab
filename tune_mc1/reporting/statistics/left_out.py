"""Reasons for which a comparison leaves trials out."""

import pandas as pd

from tune_mc1.reporting.words.iteration_words import unit_word
from tune_mc1.reporting.words.text import Text, join, say

_STATES = {
    "stopped": Text("stopped early", "vorzeitig gestoppt"),
    "diverged": Text("diverged", "divergiert"),
    "failed": Text("failed", "fehlgeschlagen"),
    "dropped": Text("no longer in the sweep", "nicht mehr im Sweep"),
    "completed": Text("without a finite score", "ohne endlichen Wert"),
}
_UNFINISHED = Text("not finished", "nicht fertig")


def reasons_left_out(states: pd.Series, epoch: int | None, of_program: bool) -> Text:
    """Numbers of trials without a score, by reason.

    Args:
        states: Their states.
        epoch: The epoch after which trials are compared; None for their best.
        of_program: Whether they are runs of a program.
    """
    counts: dict[Text, int] = {}
    for state, count in states.value_counts().items():
        why = _STATES.get(str(state), _UNFINISHED)
        if epoch is not None and state == "completed":
            en, de = "ended before this {what}", "vor dieser {what} beendet"
            why = say(en, de, what=unit_word(of_program))
        counts[why] = counts.get(why, 0) + int(count)
    if not counts:
        return Text()
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    parts = join((say("{n} {why}", "{n} {why}", n=n, why=why) for why, n in ordered), ", ")
    return say("Left out: {parts}.", "Nicht berücksichtigt: {parts}.", parts=parts)
