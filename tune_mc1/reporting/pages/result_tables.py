"""A sweep's settings and trials as tables of a report."""

import pandas as pd

from tune_mc1.config.validation import Folds
from tune_mc1.reporting.frames import SweepFrames, plain
from tune_mc1.reporting.pages.views import Cell, TableView, cell
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.results.settings import Summary, rank_settings, summarize

MOST_ROWS = 2000
"""Maximum number of rows of a table, which a browser can still sort at once."""


def score_column(frames: SweepFrames) -> str:
    """The column that ranks trials: the sweep's metric, best over the epochs."""
    return f"best_{frames.metric}"


def setting_groups(frames: SweepFrames) -> pd.DataFrame:
    """One row per setting, best mean first: varied parameters, `summary`, `trials`, `test`."""
    folds = frames.sweep.validation.folds if isinstance(frames.sweep.validation, Folds) else 0
    column = score_column(frames)
    groups = frames.trials.groupby("config_hash", sort=False)
    settings = {str(key): trials for key, trials in groups}
    scores = {key: trials[column].dropna().tolist() for key, trials in settings.items()}
    rows = []
    for key in rank_settings(scores, maximize=frames.sweep.metric.maximize):
        trials = settings[key]
        first = trials.iloc[0]
        rows.append(
            {name: first[name] for name in frames.varied}
            | {
                "summary": summarize(scores[key], folds),
                "trials": len(trials),
                "ids": list(trials["trial"]),
                "test": trials["test_acc"].dropna().tolist(),
            }
        )
    columns = [*frames.varied, "summary", "trials", "ids", "test"]
    return pd.DataFrame(rows, columns=columns)


def summary_text(summary: Summary, digits: int = 4) -> str:
    """A mean and its 95 % interval."""
    if summary.mean is None:
        return "–"
    if summary.low is None or summary.high is None:
        return f"{summary.mean:.{digits}f}"
    return f"{summary.mean:.{digits}f} [{summary.low:.{digits}f}, {summary.high:.{digits}f}]"


def settings_view(frames: SweepFrames, settings: pd.DataFrame, t: Say) -> TableView:
    """The settings (`setting_groups`), best first."""
    columns = [*frames.varied, t("mean"), t("interval"), t("sd"), t("n")]
    rows = []
    for row in settings.head(MOST_ROWS).to_dict("records"):
        summary: Summary = row["summary"]
        ends = "–" if summary.low is None else f"{summary.low:.4f} … {summary.high:.4f}"
        rows.append(
            [
                *(cell(plain(row[name])) for name in frames.varied),
                cell(summary.mean, 4),
                Cell(ends, summary.low if summary.low is not None else float("inf")),
                cell(summary.sd, 4),
                cell(summary.n),
            ]
        )
    return TableView(t("settings_title"), columns, rows)


def trials_view(frames: SweepFrames, t: Say) -> TableView:
    """The trials, best first, at most `MOST_ROWS` of them."""
    trials, metric = frames.trials, frames.metric
    score = score_column(frames)
    best = trials.sort_values(score, ascending=not frames.sweep.metric.maximize)
    names = [*frames.varied, *(n for n in ("seed", "fold") if trials[n].nunique() > 1)]
    values = [score, f"last_{metric}"]
    if trials["test_acc"].notna().any():
        values.append("test_acc")
    heads = [t("best", metric=metric), t("last", metric=metric), "test_acc"][: len(values)]
    columns = [t("trial"), *names, *heads, t("at_epoch"), t("state"), t("seconds")]
    rows = [
        [
            cell(row["trial"]),
            *(cell(plain(row[n])) for n in names),
            *(cell(row[n], 4) for n in values),
            cell(row["best_epoch"], 0),
            cell(row["state"]),
            cell(row["seconds"], 1),
        ]
        for row in best.head(MOST_ROWS).to_dict("records")
    ]
    cut = t("trials_cut", shown=len(rows), total=len(best)) if len(rows) < len(best) else ""
    return TableView(t("trials_title"), columns, rows, cut)
