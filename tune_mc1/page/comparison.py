"""What the comparison of several sweeps needs of one: how it came to its best, and its winner."""

from typing import Any

from tune_mc1.page.columns import plain
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.page.sweep_facts import facts


def compared(live: LiveSweep) -> dict[str, Any]:
    """Facts of a sweep, its best score so far over its trials and over time, its best trial.

    Returns:
        `progress`: at each trial that improved the best score, the number of scored trials that
        had ended by then, the seconds since the sweep's first trial started, and the score.
        `curve`: epochs and values of the best trial. `values`: its parameters; `varied` are those
        in which the sweep's trials differ.
    """
    tables, about = live.tables, facts(live)
    answer: dict[str, Any] = {"version": live.version, "sweep": about, "status": live.status()}
    answer |= {"progress": _progress(live), "curve": [], "values": {}, "varied": []}
    if (best := about["best"]) is not None:
        row = tables.trials[best["trial"]]
        own = tables.columns.own_names
        answer["values"] = {own.get(n, n): plain(row[n]) for n in tables.columns.parameters}
        answer["varied"] = [own.get(n, n) for n in live.columns.parameters]
        known = (tables.history.get((row["trial"], e)) for e in range(1, row["epochs_run"] + 1))
        answer["curve"] = [
            [entry["epoch"], plain(entry[tables.metric])]
            for entry in known
            if entry is not None and entry.get(tables.metric) is not None
        ]
        answer["tests"] = {n: row[n] for n in tables.columns.tests if plain(row.get(n)) is not None}
    return answer


def _progress(live: LiveSweep) -> list[list[float]]:
    tables = live.tables
    # those that diverged count where there are no others, or where they rank like the others
    group = min((tables.place_of(row)[0] for row in tables.trials.values()), default=0)
    scored = [
        (row["ended"], score)
        for row in tables.trials.values()
        if row["ended"] is not None
        and (score := plain(tables.score(row))) is not None
        and tables.permits(row)
        and tables.place_of(row)[0] == group
    ]
    scored.sort()
    starts = [row["started"] for row in tables.trials.values() if row["started"] is not None]
    begin = min(starts, default=0.0)
    found: list[list[float]] = []
    for number, (ended, score) in enumerate(scored, 1):
        ahead = not found or (score > found[-1][2]) == tables.maximize
        if ahead and (not found or score != found[-1][2]):
            found.append([number, max(0.0, ended - begin), score])
    if found and scored:
        found.append([len(scored), max(0.0, scored[-1][0] - begin), found[-1][2]])
    return found
