"""A sweep's settings and trials as tables of a report."""

from collections.abc import Sequence
from math import inf
from typing import Any

import pandas as pd

from tune_mc1.config.field_types import Lang
from tune_mc1.config.metrics import possible_range, shown_test_metrics
from tune_mc1.config.validation import Folds
from tune_mc1.planning.stop_reasons import stop_reasons
from tune_mc1.reporting.frames import SweepFrames, plain, ranked_settings
from tune_mc1.reporting.pages.views import Cell, TableView, cell, interval_cell
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.results.lead import Lead
from tune_mc1.results.ranking import is_broken, rank_key
from tune_mc1.results.recall import ClassRecall, class_recalls
from tune_mc1.results.summary import ANY, Summary, summarize_runs
from tune_mc1.terminal.formatting import show

MOST_ROWS = 2000
"""Maximum number of rows of a table, which a browser can still sort at once."""

MOST_METRICS = 8
"""Maximum number of metrics that the trials of a sweep without its own are shown with."""


def score_column(frames: SweepFrames) -> str:
    """The column that ranks trials: the sweep's metric, best over the epochs; empty without."""
    return f"best_{frames.metric}" if frames.metric else ""


def test_column(frames: SweepFrames) -> str:
    """The column of the winner's score on the test images; empty if none was scored."""
    shown = test_columns(frames)
    return shown[0] if shown else ""


def test_columns(frames: SweepFrames) -> list[str]:
    """Columns of the winner's scores on the test images, most important first."""
    trials = frames.trials
    columns = shown_test_metrics(frames.metric)
    return [name for name in columns if name in trials and trials[name].notna().any()]


def setting_groups(frames: SweepFrames) -> pd.DataFrame:
    """One row per setting, best first: varied parameters, `summary`, `runs`, `trials`, `test`.

    `runs` has the score of each run, and `ids` the trials; `diverged` and `failed` count those, and
    `broken` is true if they are all that have a score.
    """
    folds = frames.sweep.validation.folds if isinstance(frames.sweep.validation, Folds) else 0
    column = score_column(frames)
    counts = ["trials", "diverged", "failed"]
    columns = [*frames.varied, "summary", "runs", *counts, "broken", "ids", "test"]
    if not frames.metric:
        return pd.DataFrame(columns=columns)
    groups = frames.trials.groupby("config_hash", sort=False)
    settings = {str(key): trials for key, trials in groups}
    ranked = ranked_settings(frames, frames.trials[column].astype(float))
    limits = ANY if frames.of_program else possible_range(frames.metric)
    test = test_column(frames)
    rows = []
    for key, runs in ranked.runs.items():
        trials = settings[key]
        states = trials["state"].value_counts()
        count = int(trials[column].notna().sum())
        first = trials.iloc[0]
        rows.append(
            {name: first[name] for name in frames.varied}
            | {
                "summary": summarize_runs(runs, count, folds, limits),
                "runs": runs,
                "trials": len(trials),
                "diverged": int(states.get("diverged", 0)),
                "failed": int(states.get("failed", 0)),
                "broken": key in ranked.broken,
                "ids": list(trials["trial"]),
                "test": trials[test].dropna().tolist() if test else [],
            }
        )
    return pd.DataFrame(rows, columns=columns)


def summary_text(summary: Summary, digits: int = 4) -> str:
    """A mean and its 95 % interval, or the two runs that have none."""
    if summary.mean is None:
        return "–"
    if summary.points:
        points = ", ".join(f"{each:.{digits}f}" for each in summary.points)
        return f"{summary.mean:.{digits}f} ({points})"
    if summary.low is None or summary.high is None:
        return f"{summary.mean:.{digits}f}"
    return f"{summary.mean:.{digits}f} [{summary.low:.{digits}f}, {summary.high:.{digits}f}]"


def value_cell(frames: SweepFrames, value: Any) -> Cell:
    """The value of a parameter."""
    known = plain(value)
    return Cell("null", inf) if known is None and frames.of_program else cell(known)


def value_text(frames: SweepFrames, value: Any) -> str:
    """The value of a parameter in a text."""
    known = plain(value)
    return "null" if known is None and frames.of_program else show(known)


def _score_columns(frames: SweepFrames, t: Say) -> dict[str, str]:
    """Heading by column of the scores that the table of trials has."""
    trials, metric = frames.trials, frames.metric
    if not metric:
        columns = [str(n) for n in trials if str(n).startswith("last_")]
        return {n: t("last", metric=n.removeprefix("last_")) for n in columns[:MOST_METRICS]}
    name = frames.own_name(metric)
    found = {score_column(frames): t("best", metric=name), f"last_{metric}": t("last", metric=name)}
    found = {column: heading for column, heading in found.items() if column in trials}
    return found | {name: name for name in test_columns(frames)}


def settings_view(frames: SweepFrames, settings: pd.DataFrame, lead: Lead, t: Say) -> TableView:
    """The settings (`setting_groups`), best first; those that are tied with the best are marked."""
    names = map(frames.own_name, frames.varied)
    losses = [state for state in ("diverged", "failed") if settings[state].any()]
    columns = ["#", *names, t("mean"), t("interval"), t("sd"), t("n"), *map(t, losses)]
    digits = frames.decimals()
    rows = []
    for place, row in enumerate(settings.head(MOST_ROWS).to_dict("records"), 1):
        summary: Summary = row["summary"]
        ends = interval_cell(summary.low, summary.high, digits)
        if summary.points:
            ends = cell(", ".join(f"{each:.{digits}f}" for each in summary.points))
        rows.append(
            [
                Cell(f"{place} =" if place in lead.tied else f"{place}", place),
                *(value_cell(frames, row[name]) for name in frames.varied),
                cell(summary.mean, digits),
                ends,
                cell(summary.sd, digits),
                cell(summary.n),
                *(_share_cell(row[state], row["trials"], t) for state in losses),
            ]
        )
    few = any(summary.points for summary in settings["summary"])
    marks = t("tied_note", basis=t(f"basis_{lead.basis}")) if lead.tied else ""
    last = t("set_aside_note", n=lead.set_aside) if lead.set_aside else ""
    note = " ".join(filter(None, [marks, t("points_note") if few else "", last]))
    return TableView(t("settings_title"), columns, rows, note)


def _share_cell(count: int, trials: int, t: Say) -> Cell:
    """How many of a setting's trials: `2 of 3`."""
    return Cell(t("share", n=count, of=trials) if count else "–", count)


def winner_classes(frames: SweepFrames, settings: pd.DataFrame) -> list[ClassRecall]:
    """How the winner does on each class of the test images, worst first; none without."""
    if frames.of_program or settings.empty:
        return []
    classes = [str(name) for name in frames.facts.get("classes") or ()]
    return class_recalls(frames.where, classes, settings.iloc[0]["ids"])


def class_views(found: Sequence[ClassRecall], t: Say) -> list[TableView]:
    """The table of `winner_classes`."""
    columns = [t("class"), t("images"), t("recall"), t("precision"), "F1", t("confused")]
    rows = [
        [
            cell(own.name),
            cell(own.images),
            cell(own.recall, 3),
            cell(own.precision, 3),
            cell(own.f1, 3),
            cell(own.confused or None),
        ]
        for own in found[:MOST_ROWS]
    ]
    return [TableView(t("recall_title"), columns, rows, t("recall_note"))] if rows else []


def _order(frames: SweepFrames, score: str) -> list[int]:
    """Positions of the trials, best first (`tune_mc1.results.tables.SweepTables.ranked`)."""
    trials, maximize = frames.trials, frames.sweep.metric.maximize
    keys = [
        rank_key(plain(value), broken=is_broken([state]), maximize=maximize, rank=frames.rank)
        for value, state in zip(trials[score], trials["state"], strict=True)
    ]
    return sorted(range(len(keys)), key=keys.__getitem__)


def trials_view(frames: SweepFrames, t: Say) -> TableView:
    """The trials, best first, at most `MOST_ROWS` of them."""
    trials, score = frames.trials, score_column(frames)
    best = trials.iloc[_order(frames, score)] if score else trials
    apart = [n for n in ("seed", "fold") if n in trials and trials[n].nunique() > 1]
    names = [*frames.varied, *apart]
    values = _score_columns(frames, t)
    at, count = (t("at_epoch"), "best_epoch") if score else (t("iterations"), "epochs_run")
    headings = [*map(frames.own_name, names), *values.values()]
    stopped = bool((trials["state"] == "stopped").any())
    lang: Lang = "de" if t("language") == "de" else "en"
    why = stop_reasons(frames.where, frames.own_sweep, lang) if stopped else {}
    columns = [
        t("trial"),
        *headings,
        at,
        t("state"),
        t("seconds"),
        *([t("why_stopped")] if why else []),
    ]
    digits = frames.decimals()
    rows = [
        [
            cell(row["trial"]),
            *(value_cell(frames, row[n]) for n in names),
            *(cell(row[n], digits if frames.metric else None) for n in values),
            cell(row[count], 0),
            cell(row["state"]),
            cell(row["seconds"], 1),
            *([cell(why.get(row["trial"]))] if why else []),
        ]
        for row in best.head(MOST_ROWS).to_dict("records")
    ]
    cut = t("trials_cut", shown=len(rows), total=len(best)) if len(rows) < len(best) else ""
    return TableView(t("trials_title"), columns, rows, cut)
