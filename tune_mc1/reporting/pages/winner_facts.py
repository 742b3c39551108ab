"""The winner: its setting, its scores, and what they compare with."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from tune_mc1.config.metrics import possible_range
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.lead_facts import MOST_IDS, error_words, lead_facts
from tune_mc1.reporting.pages.result_tables import summary_text, test_column, value_text
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.results.image_error import image_error
from tune_mc1.results.lead import Lead, lead
from tune_mc1.results.recall import ClassRecall
from tune_mc1.results.summary import Summary, summarize

Facts = list[tuple[str, str]]


def lead_of_frames(frames: SweepFrames, settings: pd.DataFrame) -> Lead:
    """How sure the lead of the best setting is."""
    pairs = zip(settings["runs"], settings["broken"], strict=True)
    scored = [(runs, bool(broken)) for runs, broken in pairs if runs]
    maximize = frames.sweep.metric.maximize
    return lead(scored, frames.facts, frames.metric, maximize=maximize, rank=frames.rank)


def winner_facts(
    frames: SweepFrames, settings: pd.DataFrame, sure: Lead, t: Say
) -> tuple[Facts, str]:
    """The best setting and how sure its lead is, and a note on how to read its score.

    Args:
        frames: The sweep.
        settings: Its settings, best first (`setting_groups`).
        sure: How sure the lead of the first is.
        t: Gives the text of a key.
    """
    if not frames.metric:
        return [], t("no_winner_metric")
    if settings.empty or settings.iloc[0]["summary"].mean is None:
        return [], t("no_winner")
    best = settings.iloc[0]
    ids = ", ".join(best["ids"][:MOST_IDS])
    rows = [
        (t("winner_setting"), f"{_setting(frames, best, t)} ({ids})"),
        (t("winner_val"), f"{frames.sweep.metric.name} {_score(frames, best['summary'])}"),
        *_losses(frames, settings, t),
        *lead_facts(frames, settings, sure, t),
    ]
    bias = t("winner_bias", n=sure.settings) if sure.settings > 1 else t("winner_epochs")
    if frames.of_program:
        return rows, bias
    if best["test"]:
        apart = f" {t('winner_apart')}" if sure.settings > 1 else ""
        return [*rows, *_test_errors(frames, best["ids"], t)], bias + apart
    return rows, f"{bias} {t('winner_no_test')}"


def _test_errors(frames: SweepFrames, winner: Sequence[str], t: Say) -> Facts:
    """Standard errors of the winner's test score in the sweep's metric, and of its accuracy."""
    if frames.sweep.validation == "test":
        return []
    metrics = dict.fromkeys((frames.metric, "val_acc"))
    found = [image_error(frames.where, metric, winner) for metric in metrics]
    return [
        (t("test_error", score=one.column), t("test_error_value", **error_words(one, t)))
        for one in found
        if one is not None
    ]


def _setting(frames: SweepFrames, row: "pd.Series[Any]", t: Say) -> str:
    """Values of the parameters that vary, of a row of `setting_groups`."""
    values = (f"{frames.own_name(n)}={value_text(frames, row[n])}" for n in frames.varied)
    return ", ".join(values) or t("all")


def _losses(frames: SweepFrames, settings: pd.DataFrame, t: Say) -> Facts:
    """Says that trials of the best setting diverged or failed, and which is the best without."""
    best, lost = settings.iloc[0], settings["diverged"] + settings["failed"]
    if not lost.iloc[0]:
        return []
    text = t("winner_losses_value", n=lost.iloc[0], of=best["trials"])
    scored = settings["summary"].map(lambda summary: summary.mean is not None)
    sound = settings[(lost == 0) & scored]
    if sound.empty:
        return [(t("winner_losses"), f"{text}; {t('winner_none_sound')}")]
    row = sound.iloc[0]
    ids, score = ", ".join(row["ids"][:MOST_IDS]), _score(frames, row["summary"])
    other = t("winner_sound", setting=_setting(frames, row, t), trials=ids, score=score)
    return [(t("winner_losses"), f"{text}; {other}")]


def _score(frames: SweepFrames, summary: Summary) -> str:
    return summary_text(summary, frames.decimals())


def tested_scores(frames: SweepFrames, settings: pd.DataFrame) -> Iterator[tuple[str, Summary]]:
    """The winner's scores on the test images: by the sweep's metric, accuracy and macro F1."""
    if frames.of_program or settings.empty:
        return
    trials = frames.trials[frames.trials["trial"].isin(settings.iloc[0]["ids"])]
    for column in dict.fromkeys((test_column(frames), "test_acc", "test_f1")):
        scores = trials[column].dropna().tolist() if column in trials else []
        if scores:
            yield column, summarize(scores, limits=possible_range(column))


def test_facts(
    tests: Sequence[tuple[str, Summary]],
    classes: Sequence[ClassRecall],
    t: Say,
) -> Iterator[tuple[str, str]]:
    """The winner's scores on the test images, and that of a guess which is always the same."""
    for column, tested in tests:
        yield t("winner_test"), f"{column} {summary_text(tested)}"
    share = majority_accuracy(classes)
    if share is not None:
        largest = max(classes, key=lambda own: own.images)
        equal = all(own.images == largest.images for own in classes)
        key = "winner_majority_equal" if equal else "winner_majority_value"
        yield t("winner_majority"), t(key, share=f"{share:.4f}", name=largest.name)


def majority_accuracy(classes: Sequence[ClassRecall]) -> float | None:
    """Accuracy of always guessing the largest class of the test images; None if not known."""
    images = [own.images for own in classes]
    return max(images) / sum(images) if images else None
