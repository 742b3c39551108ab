"""Statistics as tables of a report."""

from collections.abc import Iterator, Sequence

from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.result_tables import value_cell, value_text
from tune_mc1.reporting.pages.views import Cell, TableView, cell, interval_cell, p_cell
from tune_mc1.reporting.statistics.best import BestSet
from tune_mc1.reporting.statistics.effects import Marginal, notes_of
from tune_mc1.reporting.statistics.estimate import UNITS
from tune_mc1.reporting.statistics.pairwise import Comparison, SweepTests
from tune_mc1.reporting.statistics.reference_table import ReferenceRow
from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.reporting.words.page_texts import speaker
from tune_mc1.terminal.formatting import show

MOST_COMPARISONS = 200
MOST_CANDIDATES = 50


def statistic_views(statistics: SweepStatistics, lang: Lang) -> list[TableView]:
    """The tables that have rows, in the order of a reader's questions."""
    frames = statistics.frames
    if not frames.metric:
        return []
    t = speaker(lang, of_program=frames.of_program)
    views = [
        reference_view(statistics.reference, lang, t),
        effects_view(statistics.marginals, frames, lang, t),
        comparisons_view(statistics.tests, frames, lang, t),
        trends_view(statistics.tests, frames, lang, t),
        best_view(statistics.best, frames, lang, t),
    ]
    return [view for view in views if view.rows]


def effects_view(
    marginals: Sequence[Marginal], frames: SweepFrames, lang: Lang, t: Say
) -> TableView:
    """Marginal means of all parameters."""
    columns = [t("parameter"), t("value"), t("mean"), t("interval"), t("settings"), t("n")]
    digits = frames.decimals(3)
    rows = [
        [
            cell(frames.own_name(marginal.parameter)),
            _value(frames, mean.value, mean.low_value, mean.high_value),
            cell(mean.mean, digits),
            interval_cell(mean.low, mean.high, digits),
            cell(mean.settings),
            cell(mean.trials),
        ]
        for marginal in marginals
        for mean in marginal.means
    ]
    return TableView(t("effects"), columns, rows, notes_of(marginals, lang))


def _value(frames: SweepFrames, value: object, low: float, high: float) -> Cell:
    if low < high:  # a bin; of a single value both are nan
        return Cell(f"{low:.3g} … {high:.3g}", low)
    text = value_text(frames, value)
    return Cell(text, value) if isinstance(value, int | float) else cell(text)


def comparisons_view(tests: SweepTests, frames: SweepFrames, lang: Lang, t: Say) -> TableView:
    """Comparisons of two values, the clearest first."""
    names = ("comparison", "difference", "interval", "p_holm", "effect_size", "pairs", "more")
    found = [c for c in tests.comparisons if c.effect.n]
    found.sort(key=lambda c: (c.p_holm != c.p_holm, c.p_holm))
    digits = frames.decimals(3)
    rows = [
        [
            cell(_compared(frames, c)),
            Cell(f"{c.effect.value:+.{digits}f}".replace("-", "−"), c.effect.value),
            interval_cell(c.effect.low, c.effect.high, digits),
            p_cell(c.p_holm),
            cell(c.effect.effect_size, 2),
            Cell(f"{c.effect.n} {UNITS[c.effect.unit][c.effect.n != 1].of(lang)}", c.effect.n),
            cell(c.more.text.of(lang)),
        ]
        for c in found[:MOST_COMPARISONS]
    ]
    notes = dict.fromkeys(c.reason.of(lang) for c in found[:1])
    return TableView(t("comparisons"), [t(n) for n in names], rows, " ".join(notes))


def _compared(frames: SweepFrames, comparison: Comparison) -> str:
    a, b = (value_text(frames, value) for value in (comparison.a, comparison.b))
    return f"{frames.own_name(comparison.parameter)}: {b} − {a}"


def trends_view(tests: SweepTests, frames: SweepFrames, lang: Lang, t: Say) -> TableView:
    """Correlations of the score with continuous parameters."""
    columns = [t("parameter"), "Spearman ρ", t("interval"), t("p_holm"), t("settings")]
    rows = [
        [
            cell(frames.own_name(trend.parameter)),
            cell(trend.rho, 2),
            interval_cell(trend.low, trend.high, 2),
            p_cell(trend.p_holm),
            cell(trend.n),
        ]
        for trend in tests.trends
    ]
    notes = dict.fromkeys(trend.reason.of(lang) for trend in tests.trends)
    return TableView(t("trends"), columns, rows, " ".join(filter(None, notes)))


def best_view(best: BestSet, frames: SweepFrames, lang: Lang, t: Say) -> TableView:
    """The settings that may be as good as the best one."""
    digits = frames.decimals(3)
    names = map(frames.own_name, frames.varied)
    columns = [*names, t("mean"), t("behind"), t("p_holm"), t("trials")]
    by_trial = frames.trials.set_index("trial")
    rows = []
    for candidate in best.not_worse[:MOST_CANDIDATES]:
        first = by_trial.loc[candidate.trials[0]]
        rows.append(
            [
                *(value_cell(frames, first[name]) for name in frames.varied),
                cell(candidate.mean, digits),
                cell(candidate.behind, digits),
                p_cell(candidate.p_holm),
                cell(len(candidate.trials)),
            ]
        )
    return TableView(t("best_set"), columns, rows, best.reason.of(lang))


def reference_view(reference: Sequence[ReferenceRow], lang: Lang, t: Say) -> TableView:
    """Published outcomes beside ours."""
    names = ("where", "epoch", "published", "ours", "interval", "difference", "inside", "n", "why")
    rows = [
        [
            cell(where_text(row, t)),
            cell(row.epoch),
            cell(row.reference, 3),
            cell(row.ours, 3),
            interval_cell(row.low, row.high),
            cell(row.difference, 3),
            cell("–" if row.inside is None else t("yes" if row.inside else "no")),
            cell(row.trials),
            cell(row.note.of(lang)),
        ]
        for row in reference
    ]
    return TableView(t("reference"), [t(n) for n in names], rows)


def where_text(row: ReferenceRow, t: Say) -> str:
    """The trials of a published number, in words."""
    where = ", ".join(f"{name}={show(value)}" for name, value in row.where.items()) or t("all")
    return t("best_of", where=where) if row.statistic == "best" else where


def markdown(reference: Sequence[ReferenceRow], lang: Lang) -> Iterator[str]:
    """The lines of a Markdown table: published outcomes beside ours.

    Args:
        reference: Rows of any number of studies.
        lang: Its language.
    """
    t = speaker(lang)
    heads = [t("study"), t("where"), t("epoch"), t("published"), t("ours"), t("interval")]
    yield "| " + " | ".join([*heads, t("trials")]) + " |"
    yield "|---" * 7 + "|"
    for row in reference:
        if not row.trials:
            continue
        epoch = str(row.epoch)
        if row.our_epoch != row.epoch:
            epoch += f" ({t('ours').lower()}: {row.our_epoch})"
        cells = [
            row.study,
            where_text(row, t),
            epoch,
            f"{row.reference:.3f}",
            f"{row.ours:.3f}",
            interval_cell(row.low, row.high).text,
            str(row.trials),
        ]
        yield "| " + " | ".join(cells) + " |"
