"""How sure the winner's lead is, as facts of a report."""

from collections.abc import Iterator, Sequence

import pandas as pd

from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.views import counted
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.results.image_error import ImageError, image_error
from tune_mc1.results.lead import Lead

MOST_IDS = 12
"""Maximum number of trials that are named."""


def lead_facts(
    frames: SweepFrames, settings: pd.DataFrame, lead: Lead, t: Say
) -> Iterator[tuple[str, str]]:
    """Standard error of the winner's score, the runner-up, and ties.

    Args:
        frames: The sweep.
        settings: Its settings, best first.
        lead: How sure the lead of the first is.
        t: Gives the text of a key.
    """
    if not frames.of_program:
        yield t("winner_error"), _error(frames, settings.iloc[0]["ids"], lead, t)
    if lead.gap is None:
        return
    digits = frames.decimals()
    second = settings.iloc[1]
    ids = ", ".join(second["ids"][:MOST_IDS])
    for state in ("diverged", "failed"):
        if second[state]:
            ids += f" ({t(state)}: {t('share', n=second[state], of=second['trials'])})"
    yield t("winner_gap"), t("winner_gap_value", trials=ids, gap=f"{lead.gap:.{digits}f}")
    yield t("winner_ties"), _ties(settings, lead, t)


def _error(frames: SweepFrames, winner: Sequence[str], lead: Lead, t: Say) -> str:
    if lead.error is not None:
        facts = {"error": f"{lead.error:.4f}", "images": counted(lead.images)}
        return t("winner_error_value", method=t("binomial"), **facts)
    if frames.sweep.validation == "test" and frames.metric.startswith("val_"):
        found = image_error(frames.where, frames.metric, winner)
        if found is not None:
            return t("winner_error_value", **error_words(found, t))
    if lead.share or lead.images is None:
        return t("winner_error_images")
    return t("winner_error_share", metric=frames.metric, images=counted(lead.images))


def error_words(found: ImageError, t: Say) -> dict[str, str]:
    """An error of the images, how it was computed, and over how many images."""
    images = counted(found.images)
    return {"error": f"{found.error:.4f}", "method": t(found.method), "images": images}


def _ties(settings: pd.DataFrame, lead: Lead, t: Say) -> str:
    if not lead.basis:
        return t("winner_ties_unknown")
    basis = t(f"basis_{lead.basis}")
    if not lead.tied and lead.untested:
        return t("winner_ties_tested", basis=basis, n=lead.settings - 1 - lead.untested)
    if not lead.tied:
        return t("winner_ties_none", basis=basis)
    ids = [trial for place in lead.tied for trial in settings.iloc[place - 1]["ids"]]
    named = ", ".join(ids[:MOST_IDS]) + (", …" if len(ids) > MOST_IDS else "")
    return t("winner_ties_value", n=len(lead.tied), of=lead.settings - 1, basis=basis, trials=named)
