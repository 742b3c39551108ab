"""Interactive figures of a report: the components of the page, and a sweep's data, in one file."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from tune_mc1.config.field_types import Lang
from tune_mc1.files import PACKAGE
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.page.rungs_view import rungs_view
from tune_mc1.page.settings_view import settings_view
from tune_mc1.page.sweep_facts import changes
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.importance_process import importance_facts
from tune_mc1.reporting.statistics.importance import Importances

ASSETS = PACKAGE / "page" / "assets"
STYLES = ("vendor/uplot.min.css", "css/tokens.css", "css/base.css", "css/figures.css")

MOST_POINTS = 60_000
"""Points of learning curves in a report; where there are more, the best trials have theirs."""

MOST_TRIALS = 5_000
"""Trials in the interactive figures of a report; where there are more, the best."""

MOST_ROWS = 400_000
"""Epochs of a sweep, over all trials, beyond which it has no interactive figures."""

PRIVATE = frozenset({"node", "error", "note"})
"""Columns that a report, which is passed on, leaves out."""

_IMPORT = re.compile(r'(from |import )"(\.{1,2}/[^"]+)"')


def explorer_data(frames: SweepFrames, importance: Importances, lang: Lang, sweeps: int) -> str:
    """Data of a sweep's interactive figures as JSON that can stand in HTML.

    Args:
        frames: The sweep, with the metric and the ranking of the report.
        importance: Importance of its parameters.
        lang: Language of the report; that of the figures' own words is beside them (`words.js`).
        sweeps: Number of sweeps in the report, which share the room.

    Returns:
        Empty if it has no trials, or the sweep itself compared them by another metric.
    """
    live = LiveSweep(frames.where, rank=frames.rank)
    live.refresh()
    if not live.tables.trials or live.tables.metric != frames.metric:
        return ""
    best = [row["trial"] for row in live.tables.ranked()][: MOST_TRIALS // sweeps]
    told = _public(changes(live, 0), set(best))
    data = {
        "changes": told,
        "curves": {live.tables.metric: _curves(live, best, MOST_POINTS // sweeps)},
        "settings": settings_view(live),
        "rungs": rungs_view(live),
        "analysis/importance": importance_facts(importance, lang),
    }
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")  # no tag ends the script


def _public(told: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    """What is told of a sweep, without what concerns its machine, and of some trials."""
    names = [column["key"] for column in told["columns"]]
    places = [place for place, name in enumerate(names) if name not in PRIVATE]
    told["columns"] = [told["columns"][place] for place in places]
    rows = (row for row in told["rows"] if row[0] in kept)
    told["rows"] = [[_short(row[place]) for place in places] for row in rows]
    told["sweep"] |= {"path": "", "mistakes": False}
    told["metrics"] = [told["sweep"]["metric"]] if told["sweep"]["metric"] else []
    return told


def _short(cell: Any) -> Any:
    return float(f"{cell:.6g}") if isinstance(cell, float) and abs(cell) < 1e8 else cell


def _curves(live: LiveSweep, best: list[str], most: int) -> dict[str, Any]:
    """Epochs and values of the learning curves, by trial, best first, up to a number of points."""
    _, found = live.curves_since(live.tables.metric, 0)
    curves: dict[str, Any] = {}
    points = 0
    for trial in best:
        own = found.get(trial, [])
        points += len(own)
        if points > most:
            break
        curves[trial] = [[epoch for epoch, _ in own], [_short(value) for _, value in own]]
    return {trial: own for trial, own in curves.items() if own[0]}


@dataclass(frozen=True)
class ExplorerAssets:
    """What the interactive figures consist of.

    Attributes:
        library: The library of figures, a script.
        notice: Its licence.
        style: Style of the figures.
        imports: Import map with all modules, JSON.
        entry: Name of the module to import.
    """

    library: str
    notice: str
    style: str
    imports: str
    entry: str = "tune/report.js"


def explorer_assets() -> ExplorerAssets:
    """Reads them from the package."""
    modules = {}
    for path in sorted(ASSETS.rglob("*.js")):
        name = path.relative_to(ASSETS)
        if name.parts[0] != "vendor":
            raw = _bare_imports(path.read_text(encoding="utf-8"), name).encode()
            code = base64.b64encode(raw).decode()
            modules[f"tune/{name.as_posix()}"] = f"data:text/javascript;base64,{code}"
    return ExplorerAssets(
        library=(ASSETS / "vendor/uplot.iife.min.js").read_text(encoding="utf-8"),
        notice=(ASSETS / "vendor/uplot.LICENSE.txt").read_text(encoding="utf-8"),
        style="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES),
        imports=json.dumps({"imports": modules}),
    )


def _bare_imports(code: str, name: Path) -> str:
    """A module whose relative imports have names of the import map."""

    def bare(match: re.Match[str]) -> str:
        target = normpath(PurePosixPath(name.parent.as_posix(), match[2]).as_posix())
        return f'{match[1]}"tune/{target}"'

    return _IMPORT.sub(bare, code)
