"""Settings of a sweep with the mean of their runs, best first."""

from typing import Any

from tune_mc1.page.columns import plain
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.results.lead import lead_of
from tune_mc1.results.settings import settings_of

MOST = 500
"""Settings that are shown."""


def settings_view(live: LiveSweep) -> dict[str, Any]:
    """The best settings.

    Returns:
        `settings`: of each the values of the parameters that vary, the mean with its 95 % interval
        (`tune_mc1.results.summary`), the number of scores, its trials, and whether it is tied with
        the best (`tune_mc1.results.lead`).
    """
    tables = live.tables
    settings = settings_of(tables)
    lead = lead_of(tables, settings)
    names = [name for name in live.columns.parameters if name not in ("seed", "fold")]
    rows = []
    for place, setting in enumerate(settings[:MOST], 1):
        score = setting.score
        numbers = {n: plain(getattr(score, n)) for n in ("mean", "sd", "low", "high")}
        rows.append(
            {
                "place": place,
                **numbers,
                "n": score.n,
                "trials": [row["trial"] for row in setting.rows],
                "values": [plain(setting.rows[0][name]) for name in names],
                "tied": place in lead.tied,
            }
        )
    own = tables.columns.own_names
    return {
        "version": live.version,
        "parameters": [own.get(name, name) for name in names],
        "settings": rows,
        "total": len(settings),
        "lead": {"gap": plain(lead.gap), "error": plain(lead.error), "basis": lead.basis},
    }
