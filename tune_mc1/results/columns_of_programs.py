"""Columns of the tables of a program's sweep: ours, and beside them its parameters and metrics."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tune_mc1.results.any_columns import Columns
from tune_mc1.results.cells import TYPES, cell, column_names, kind_of, typical_values, value_of
from tune_mc1.results.schema import EXECUTION_COLUMNS, ID_COLUMNS, SUMMARY_COLUMNS, Row

if TYPE_CHECKING:
    from tune_mc1.config.program_sweep import ProgramSweep

HISTORY_COLUMNS = (
    ("trial", pa.string()),
    ("epoch", pa.int32()),  # iteration: a log of the sweep's metric
    ("step", pa.int64()),  # the program's own, if it gives one
    ("seconds", pa.float64()),  # since the iteration before, or the start of the run
    ("time", pa.float64()),  # of the log, seconds since 1970
)
"""Columns of a program's `history.parquet` beside its metrics."""

TAKEN_FROM = "taken_from"
"""Directory and trial of an earlier sweep that has run the trial; only after `--from`."""


class ProgramColumns(Columns):
    """Columns of a program's sweep; metrics are added as they are logged.

    Args:
        parameters: Kind of each parameter by name, as `parameter_kinds` gives it.
        metric: The sweep's metric by its own name; empty if it has none.
        maximize: Whether a higher metric is better.
        takes: Whether trials may come from earlier sweeps.
    """

    def __init__(
        self, parameters: Mapping[str, str], metric: str, maximize: bool, *, takes: bool = False
    ) -> None:
        self._more = [(TAKEN_FROM, pa.string())] if takes else []
        taken = {name for name, _ in (*ID_COLUMNS, *EXECUTION_COLUMNS, *SUMMARY_COLUMNS)}
        self._kinds = parameters
        self._columns = column_names(parameters, taken)
        self._metrics = {metric_column(metric): None} if metric else {}
        self._sign = {metric_column(metric): maximize}

    @property
    def parameters(self) -> Sequence[str]:
        """Every parameter."""
        return tuple(self._columns.values())

    @property
    def own_names(self) -> Mapping[str, str]:
        """As the sweep file and the program have them."""
        return {column: name for name, column in self._columns.items()}

    @property
    def json(self) -> Collection[str]:
        """Those that are lists, mappings or of several types."""
        return {self._columns[n] for n, kind in self._kinds.items() if kind == "json"}

    def metrics(self, metric: str) -> Mapping[str, bool]:
        """All that were logged so far; only the sweep's own has a known direction."""
        return {name: self._sign.get(name, False) for name in self._metrics}

    def trial_schema(self) -> pa.Schema:
        """Ours, the parameters, best of the sweep's metric, last of all."""
        types = {self._columns[n]: TYPES[kind] for n, kind in self._kinds.items()}
        best = [(f"best_{name}", pa.float64()) for name in self._sign if name]
        last = [(f"last_{name}", pa.float64()) for name in self._metrics]
        own = [*ID_COLUMNS, *types.items(), *EXECUTION_COLUMNS]
        return pa.schema([*own, *best, *last, *self._more])

    def history_schema(self) -> pa.Schema:
        """Ours, and all metrics."""
        return pa.schema([*HISTORY_COLUMNS, *((name, pa.float64()) for name in self._metrics)])

    def new_row(self, values: Mapping[str, Any]) -> Row:
        """Lists and dicts, and values of several types in one column, are JSON."""
        row: Row = dict.fromkeys(name for name, _ in (*ID_COLUMNS, *EXECUTION_COLUMNS))
        row |= dict.fromkeys(self._columns.values())
        for name, value in values.items():
            row[self._columns[name]] = cell(value, self._kinds[name])
        return row

    def values(self, row: Row) -> dict[str, Any]:
        """Values of the parameters of a row by name: lists and dicts as such."""
        return {n: value_of(row[self._columns[n]], kind) for n, kind in self._kinds.items()}

    def epoch_row(self, event: Mapping[str, Any], metric: str) -> Row:
        """Adds columns for metrics that are new."""
        row: Row = {name: event.get(name) for name, _ in HISTORY_COLUMNS}
        row |= {metric_column(name): value for name, value in event["metrics"].items()}
        self.add(row)
        return row

    def add(self, names: Iterable[str]) -> None:
        """Adds columns of metrics, unless they are known."""
        fixed = {name for name, _ in HISTORY_COLUMNS}
        self._metrics |= dict.fromkeys(name for name in names if name not in fixed)


def metric_column(name: str) -> str:
    """Column of a program's metric in `history.parquet`."""
    return f"metric.{name}" if name in {column for column, _ in HISTORY_COLUMNS} else name


def parameter_kinds(sweep: "ProgramSweep") -> dict[str, str]:
    """Kind of each parameter's column: `bool`, `int`, `float`, `text` or `json`, by its values."""
    return {name: kind_of(typical_values(name, sweep.parameters)) for name in sweep.parameters}
