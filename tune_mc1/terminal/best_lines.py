"""Lines about the best setting: its score and how sure its lead is, its files, its test scores."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tune_mc1.config.metrics import possible_range, shown_test_metrics
from tune_mc1.results.directory import BEST, ResultDir
from tune_mc1.results.exchanges import COPIED_AFTER, COPIED_FROM
from tune_mc1.results.growth_events import TESTED
from tune_mc1.results.image_error import ImageError, image_error
from tune_mc1.results.lead import Lead
from tune_mc1.results.recall import class_recalls
from tune_mc1.results.schema import Row
from tune_mc1.results.settings import Setting, winners
from tune_mc1.results.summary import summarize
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.formatting import metric_text, summary_text

MOST_CLASSES = 20
"""Maximum number of classes whose recall is printed."""

BASES = {
    "seeds": "in pairs by seed",
    "folds": "in pairs by fold",
    "repeats": "unpaired, by repeats",
    "images": "unpaired, by the number of validation images",
}
"""What the tests of `Lead` rest on, in words."""


def best_lines(
    where: ResultDir, tables: SweepTables, settings: Sequence[Setting], lead: Lead
) -> Iterator[str]:
    """Lines about the best setting.

    Args:
        where: The result directory.
        tables: Its tables.
        settings: The settings, best first.
        lead: How sure the lead of the first is.
    """
    best = winners(tables)
    if not best:
        return
    score = summary_text(settings[0].score, of_program=tables.of_program)
    metric = tables.metadata["metric"] if tables.of_program else tables.metric
    yield f"Best: {', '.join(row['trial'] for row in best)}: {metric} {score}"
    yield from _exchange_lines(best)
    yield from _losses_lines(tables, settings, lead)
    of_images = image_error(where, tables.metric, [row["trial"] for row in best])
    yield from _lead_lines(tables, settings, lead, of_images)
    checkpoint = where.checkpoints(best[0]["trial"]) / BEST
    if tables.of_program:
        pass  # whatever it keeps is its own
    elif (shown := where.shown(checkpoint)) != str(checkpoint):
        yield f"Checkpoint: {shown}"
    elif checkpoint.exists():
        yield f"Checkpoint: {short_path(checkpoint)}"
    yield from _own_test_lines(best, tables)
    yield from _test_lines(best, tables.metric)
    if of_images is not None and not _on_test(tables):
        yield f"Standard error of {of_images.column}: {_with_method(of_images)} test images"


def _exchange_lines(best: Sequence[Row]) -> Iterator[str]:
    """Says if a best score is older than the settings of its row."""
    for row in best:
        after = row.get(COPIED_AFTER)
        if after is not None and row["best_epoch"] <= after:
            yield (
                f"{row['trial']} had that score at epoch {row['best_epoch']}, before it copied "
                f"{row[COPIED_FROM]} after epoch {after}: its row has the settings since then, "
                "history.parquet those of each epoch"
            )


def _losses_lines(tables: SweepTables, settings: Sequence[Setting], lead: Lead) -> Iterator[str]:
    """Says if trials of the best setting diverged or failed, and which other is the best without.

    Also how many settings rank last because all their trials did.
    """
    best = settings[0]
    if best.losses:
        own = "each counts with its best epoch before, if it has one"
        sound = next((s for s in settings if not s.losses and s.score.mean is not None), None)
        other = "no setting with a score is without such trials"
        if sound is not None:
            names = ", ".join(row["trial"] for row in sound.rows[:3])
            score = summary_text(sound.score, of_program=tables.of_program)
            other = f"the best setting without such trials is that of {names}: {score}"
        yield f"Of the best setting's trials, {best.losses} ({own}); {other}"
    if count := lead.set_aside:
        text = (
            "setting with a score ranks last, as all its trials"
            if count == 1
            else "settings with a score rank last, as all their trials"
        )
        yield f"{count} {text} diverged or failed (show --rank score ranks by the scores before)"


def winner_facts(settings: Sequence[Setting]) -> dict[str, Any]:
    """The best setting as plain data; empty if none has a score.

    Args:
        settings: The settings, best first.
    """
    if not settings or settings[0].score.mean is None:
        return {}
    best = settings[0]
    return {
        "trials": [row["trial"] for row in best.rows],
        "n": best.score.n,
        "diverged": best.diverged,
        "failed": best.failed,
        "mean": best.score.mean,
    }


def _lead_lines(
    tables: SweepTables, settings: Sequence[Setting], lead: Lead, of_images: ImageError | None
) -> Iterator[str]:
    """Its standard error, what choosing it does to its score, the runner-up, and ties."""
    if not tables.of_program:
        yield f"Standard error: {_error_text(tables, lead, of_images)}"
    epochs = "iteration" if tables.of_program else "epoch"
    if lead.settings < 2:
        yield f"It is the score of its best {epochs}, and better by chance than on new data"
        return
    yield (
        f"It was chosen as the best of {lead.settings} settings, each at its best {epochs}, so its "
        "score is better by chance than it will be on new data"
    )
    second = settings[1]
    names = ", ".join(row["trial"] for row in second.rows[:3])
    names += f" ({second.losses})" if second.losses else ""
    gap = metric_text(lead.gap, of_program=tables.of_program)
    behind = f"{gap} behind" if lead.gap else "with the same score"
    if not lead.basis:
        unknown = "with one run each, it is not known whether they differ"
        yield f"Runner-up: {names}, {behind}; {unknown}"
    elif lead.tied:
        count = f"{len(lead.tied)} of {lead.settings - 1} others"
        yield (
            f"Runner-up: {names}, {behind}; {count} cannot be told apart from the best "
            f"(marked =; {BASES[lead.basis]})"
        )
    else:
        others = "all others are worse"
        if lead.untested:
            tested = lead.settings - 1 - lead.untested
            others = f"all {tested} others that can be tested are worse"
        yield f"Runner-up: {names}, {behind}; {others} ({BASES[lead.basis]})"


def _on_test(tables: SweepTables) -> bool:
    """True if the test images are the validation images too."""
    return tables.metadata.get("validation") == "test"


def _with_method(found: ImageError) -> str:
    return f"{found.error:.4f}, {found.method} over {found.images:,}"


def _error_text(tables: SweepTables, lead: Lead, of_images: ImageError | None) -> str:
    if lead.error is not None:
        return f"{lead.error:.4f}, binomial over {lead.images:,} validation images"
    if of_images is not None and _on_test(tables) and tables.metric.startswith("val_"):
        return f"{_with_method(of_images)} validation images"
    if lead.share:
        return "not known, nor is the number of validation images"
    if lead.images is None:
        return f"not known, as {tables.metric} is not of the validation images"
    return (
        f"not known, as {tables.metric} is no share of the {lead.images:,} validation images, "
        "whose predictions are not kept"
    )


def _test_lines(best: Sequence[Row], metric: str) -> Iterator[str]:
    """Lines about the best setting on the test images."""
    for column in shown_test_metrics(metric):
        tested = [row[column] for row in best if row.get(column) is not None]
        if tested:
            name = "Accuracy" if column == "test_acc" else column
            limits = possible_range(column)
            yield f"{name} on the test images: {summary_text(summarize(tested, limits=limits))}"


def _own_test_lines(best: Sequence[Row], tables: SweepTables) -> Iterator[str]:
    """Lines about what the test of a user's module has logged."""
    columns = tables.metadata.get(TESTED, {})
    for column in dict.fromkeys(c for row in best for c in columns.get(row["trial"], ())):
        tested = [row[f"last_{column}"] for row in best if row.get(f"last_{column}") is not None]
        if tested:
            score = summary_text(summarize(tested), of_program=True)
            yield f"{column} of the module's test: {score}"


def recall_lines(where: ResultDir, tables: SweepTables) -> Iterator[str]:
    """The line about the winner's recall of each class of the test images."""
    best = [row["trial"] for row in winners(tables)]
    found = class_recalls(where, tables.metadata.get("classes") or (), best)
    if found:
        shown = ", ".join(f"{own.name} {own.recall:.3f}" for own in found[:MOST_CLASSES])
        more = len(found) - MOST_CLASSES
        rest = f", and {more} more classes (in the report)" if more > 0 else ""
        yield f"Recall by class on the test images, lowest first: {shown}{rest}"


def short_path(path: Path) -> Path:
    """A path relative to the current directory, if it is within it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
