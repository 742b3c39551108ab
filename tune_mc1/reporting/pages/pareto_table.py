"""The Pareto front of a sweep with several objectives as a table of a report."""

from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.result_tables import MOST_ROWS, value_cell
from tune_mc1.reporting.pages.views import TableView, cell
from tune_mc1.reporting.statistics.pareto_trials import pareto_trials
from tune_mc1.reporting.words.catalogue import Say


def pareto_views(frames: SweepFrames, t: Say) -> list[TableView]:
    """The front, best by the first objective first; none with a single objective."""
    found = pareto_trials(frames)
    if found is None or not found.front.any():
        return []
    columns = [t("trial"), *map(frames.own_name, frames.varied), *found.names]
    rows = []
    for i in found.front_order()[:MOST_ROWS]:
        trial = found.trials.iloc[i]
        settings = [value_cell(frames, trial[name]) for name in frames.varied]
        rows.append([cell(trial["trial"]), *settings, *map(cell, found.values[i].tolist())])
    note = t("pareto_note", n=int(found.front.sum()), total=len(frames.trials))
    return [TableView(t("pareto_title"), columns, rows, note)]
