"""The first paragraph on a sweep: what was tried, what is best, and how far that can be trusted."""

from collections.abc import Sequence

import pandas as pd

from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.result_tables import summary_text, value_text
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.results.lead import Lead
from tune_mc1.results.summary import Summary

MOST_PARAMETERS = 4
"""Parameters of the best setting that are named."""


def summary(
    frames: SweepFrames,
    settings: pd.DataFrame,
    lead: Lead,
    tests: Sequence[tuple[str, Summary]],
    majority: float | None,
    t: Say,
) -> str:
    """Sentences on a sweep; empty if no setting has a score.

    Args:
        frames: The sweep.
        settings: Its settings, best first.
        lead: How sure the lead of the first is.
        tests: The winner's scores on the test images, the most important first.
        majority: Accuracy of always guessing the largest class of the test images, if known.
        t: Gives the text of a key.
    """
    if not frames.metric or settings.empty or settings.iloc[0]["summary"].mean is None:
        return ""
    best, tried = settings.iloc[0], len(settings)
    lang: Lang = "de" if t("language") == "de" else "en"
    metric = Context(frames, lang, None, None).metric
    score = summary_text(best["summary"], frames.decimals())
    names = frames.varied[:MOST_PARAMETERS]
    setting = ", ".join(f"{frames.own_name(n)}={value_text(frames, best[n])}" for n in names)
    more = ", …" if len(frames.varied) > MOST_PARAMETERS else ""
    sentences = [
        t("summary_tried", n=tried) if tried > 1 else t("summary_one"),
        t("summary_best", setting=f" ({setting}{more})" if setting else "", metric=metric,
          score=score),
        _tests(frames, tests, majority, t),
        _lead(lead, t),
    ]  # fmt: skip
    return " ".join(filter(None, sentences))


def _tests(
    frames: SweepFrames,
    tests: Sequence[tuple[str, Summary]],
    majority: float | None,
    t: Say,
) -> str:
    if not tests:
        return ""
    if majority is None:
        (column, score), *_ = tests
        return t("summary_test", metric=frames.own_name(column), score=summary_text(score))
    score = dict(tests).get("test_acc", tests[0][1])
    return t("summary_test_acc", score=summary_text(score), majority=f"{majority:.3f}")


def _lead(lead: Lead, t: Say) -> str:
    """Whether the best setting can be told apart from the others."""
    if lead.settings < 2 or not lead.basis:  # of single runs the warnings say enough
        return ""
    only = f" {t('summary_images')}" if lead.basis == "images" else ""
    if not lead.tied and lead.untested:
        tested = lead.settings - 1 - lead.untested
        return t("summary_tested", n=tested, of=lead.settings - 1) + only
    if not lead.tied:
        return t("summary_alone") + only
    key = "summary_tied_1" if len(lead.tied) == 1 else "summary_tied_n"
    return t(key, n=len(lead.tied), of=lead.settings - 1) + only
