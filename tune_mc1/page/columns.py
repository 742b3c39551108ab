"""Columns of a sweep's trials on the page: which there are, and a trial's cells."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tune_mc1.errors import TuneMc1Error
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.states import Row
from tune_mc1.results.steering.marks import NOTES, PINNED
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.written_sweep import written_sweep
from tune_mc1.terminal.formatting import varied

RUN_COLUMNS = ("best_epoch", "epochs_run", "seconds", "started", "ended", "attempts", "fused")
RUN_TEXTS = ("config_hash", "node", "error")


OWN = ("trial", "state", "score", "pinned", "note")
"""Columns that begin each row; a parameter may have the name of one."""


class ShownColumns:
    """Columns of a sweep's trials: trial, state, score, parameters that vary, metrics, execution.

    Args:
        tables: The sweep's tables.

    Attributes:
        names: Column of each cell, as in `trials.parquet`; `score` is the sweep's metric at the
            best epoch.
        fixed: Values of the parameters that all trials share, by name.
    """

    def __init__(self, tables: SweepTables) -> None:
        rows = list(tables.trials.values())
        columns = tables.columns
        names = columns.parameters
        self.parameters = varied(rows, names) if rows else []
        self.fixed: dict[str, Any] = {}
        if rows:
            own = columns.own_names
            apart = [name for name in names if name not in self.parameters]
            self.fixed = {own.get(name, name): plain(rows[0][name]) for name in apart}
        self.metrics = list(columns.metrics(tables.metric))
        self._first = rows[0] if rows else {}
        self._epochs = "epochs" in names
        last = [f"last_{name}" for name in self.metrics]
        tests = [name for name in columns.tests if any(row[name] is not None for row in rows)]
        self.tests = tests
        planned = ["epochs"] if self._epochs and "epochs" not in self.parameters else []
        run = [*RUN_COLUMNS, *planned, *RUN_TEXTS]
        self._kept = [*self.parameters, *last, *tests, *run]
        self.names = [*OWN, *(f"param.{n}" if n in OWN else n for n in self._kept)]

    def fit(self, tables: SweepTables, new: Iterable[str]) -> bool:
        """Whether the columns are still those of the sweep.

        Args:
            tables: The tables.
            new: Ids of trials that were planned since.
        """
        if self.metrics != list(tables.columns.metrics(tables.metric)):
            return False
        fixed = [n for n in (*tables.columns.parameters, "fold") if n not in self.parameters]
        rows = (tables.trials[trial] for trial in new)
        return bool(self._first) and all(r[n] == self._first[n] for r in rows for n in fixed)

    def cells(self, tables: SweepTables, row: Row) -> list[Any]:
        """A trial's cells in the order of `names`, as plain JSON values."""
        trial, marked = row["trial"], tables.metadata
        pin = "pinned" if trial in marked.get(PINNED, ()) else None
        note = marked.get(NOTES, {}).get(trial)
        head = [trial, row["state"], plain(tables.score(row)), pin, note]
        cells = map(row.get, self._kept)  # as `plain`, of hundreds of thousands
        return head + [c if type(c) is not float or math.isfinite(c) else None for c in cells]

    def described(self, tables: SweepTables, where: ResultDir) -> list[dict[str, Any]]:
        """The columns: key, label, group, whether they hold numbers, and how they are scaled."""
        own, declared = tables.columns.own_names, _declared(where)
        higher = tables.columns.metrics(tables.metric)
        found: list[dict[str, Any]] = []
        for place, (key, name) in enumerate(zip(self.names, (*OWN, *self._kept), strict=True)):
            one: dict[str, Any] = {"key": key, "label": name, "group": "run"}
            if place >= len(OWN) and name in self.parameters:
                label = own.get(name, name)
                one |= {"label": label, "group": "parameter", **declared.get(label, {})}
            elif name.startswith("last_") and name.removeprefix("last_") in self.metrics:
                metric = name.removeprefix("last_")
                one |= {"group": "metric", "maximize": higher[metric]}
            elif name in self.tests:
                one["group"] = "metric"
            found.append(one)
        return found


def plain(value: Any) -> Any:
    """A cell as JSON has it: null for numbers that are not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _declared(where: ResultDir) -> Mapping[str, dict[str, Any]]:
    """What the sweep file says of parameters: whether those drawn have a logarithmic scale."""
    try:
        parameters = written_sweep(where).parameters
    except (OSError, TuneMc1Error):  # a plugin that is missing here; the page does without
        return {}
    return {
        name: {"log": "log" in str(drawn)}
        for name, parameter in parameters.items()
        if (drawn := getattr(parameter, "distribution", None)) is not None
    }
