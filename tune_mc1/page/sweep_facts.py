"""A sweep as the browser gets it: its facts, and the trials that have changed."""

from collections import Counter
from typing import Any

import yaml

from tune_mc1.config.method import search_name
from tune_mc1.page.columns import plain
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.growth_events import ENDING
from tune_mc1.results.pareto import goals_of
from tune_mc1.results.states import ENDED
from tune_mc1.results.status import planned_trials
from tune_mc1.results.steering.marks import size, to_stop
from tune_mc1.results.tables import SweepTables

SHOWN = (
    *("name", "description", "data", "program", "module", "constraints", "replicates"),
    *("train_images", "test_images", "image_shape", "limit_images", "validation", "fuse"),
)
"""Fields of the event `sweep` that the page shows."""


def changes(live: LiveSweep, since: int) -> dict[str, Any]:
    """What a reader of a version lacks.

    Args:
        live: The sweep, up to date.
        since: The reader's version; 0 for none.

    Returns:
        `full` tells whether `rows` are all trials, with what else they need; otherwise they are
        those that have changed.
    """
    tables = live.tables
    full, trials = live.rows_since(since)
    answer: dict[str, Any] = {"version": live.version, "full": full, "status": live.status()}
    if not full and since == live.version:
        return answer
    answer["sweep"] = facts(live)
    answer["rows"] = [live.columns.cells(tables, tables.trials[trial]) for trial in trials]
    if full:
        answer["columns"] = live.columns.described(tables, live.where)
        answer["fixed"] = live.columns.fixed
        answer["metrics"] = live.columns.metrics
        answer["planned"] = planned_trials(live.where)
    return answer


def facts(live: LiveSweep) -> dict[str, Any]:
    """Facts of a sweep: how it searches, how far it is, and its best trial."""
    where, tables = live.where, live.tables
    rows = tables.trials.values()
    found: dict[str, Any] = {key: tables.metadata.get(key) for key in SHOWN}
    found |= {"directory": where.root.name, "path": str(where.root), "search": search_of(where)}
    found |= {"metric": tables.metric, "maximize": tables.maximize, "rank": tables.rank}
    found["objectives"] = [vars(goal) for goal in goals_of(tables)]
    found["states"] = dict(Counter(row["state"] for row in rows))
    found["ended"] = sum(row["state"] in ENDED for row in rows)
    found["ending"] = tables.metadata.get(ENDING)
    found["size"], found["to_stop"] = size(tables), to_stop(tables)
    found["method"] = tables.metadata.get("method")
    found["rungs"] = bool(live.rungs)
    found["mistakes"] = where.predictions.exists() and not tables.of_program
    found["unit"] = "iteration" if tables.of_program else "epoch"
    return found | times(tables) | {"best": best_of(tables)}


def times(tables: SweepTables) -> dict[str, float | None]:
    """When the first trial started and the last one ended or reported, in seconds since 1970."""
    rows = tables.trials.values()
    started = [row["started"] for row in rows if row["started"] is not None]
    ended = [row["ended"] for row in rows if row["ended"] is not None]
    return {"started": min(started, default=None), "last_end": max(ended, default=None)}


def best_of(tables: SweepTables) -> dict[str, Any] | None:
    """Id and score of the best trial; None without a score."""
    best = min(tables.trials.values(), key=tables.place_of, default=None)
    if best is None or not tables.permits(best) or (score := plain(tables.score(best))) is None:
        return None
    return {"trial": best["trial"], "score": score}


def search_of(where: ResultDir) -> str | None:
    """How a sweep searches, such as `random with ASHA`; None if its file cannot be read."""
    try:
        content = yaml.safe_load(where.sweep_file.read_text(encoding="utf-8"))
        early = content.get("early_terminate")
        return search_name(content.get("method"), early and early.get("type"))
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return None
