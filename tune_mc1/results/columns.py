"""Columns of a sweep's tables: those of our own training, or of a program's parameters and metrics.

The columns that are ours have the same names and types in both. A program's stand beside them under
its own names; `param.` or `metric.` comes before a name that would collide.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tune_mc1.config.chosen_metrics import test_columns
from tune_mc1.config.metrics import epoch_metrics, goal_of, test_metrics
from tune_mc1.config.model_names import OPTIONS, is_outside
from tune_mc1.config.trial import TrialConfig, core_fields, trial_defaults, trial_fields
from tune_mc1.results.any_columns import Columns
from tune_mc1.results.cells import TYPES, cell, column_names, kind_of, value_of
from tune_mc1.results.schema import (
    EXECUTION_COLUMNS,
    ID_COLUMNS,
    SUMMARY_COLUMNS,
    Row,
    history_schema,
    trial_schema,
)

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


class TrainingColumns(Columns):
    """Columns of our own training: every trial parameter, every registered metric.

    Args:
        arguments: Kind of each parameter of a network's own by name, as `argument_kinds` gives it.
        passes: Trial parameters that the constructor of each network from outside gets.
        recipe: Parameters of the training recipe that the sweep sets.
        chosen: Metrics that the sweep records beside those of every sweep.
        conditional: Parameters that some of its trials lack.
        takes: Whether trials may come from earlier sweeps.
    """

    def __init__(
        self,
        arguments: Mapping[str, str] | None = None,
        passes: Mapping[str, Sequence[str]] | None = None,
        recipe: Sequence[str] = (),
        chosen: Sequence[str] = (),
        conditional: Sequence[str] = (),
        *,
        takes: bool = False,
    ) -> None:
        self._more = [pa.field(TAKEN_FROM, pa.string())] if takes else []
        self.arguments, self._passes, self.recipe = arguments or {}, passes or {}, tuple(recipe)
        self.chosen, self._conditional = tuple(chosen), tuple(conditional)
        taken: set[str] = set()
        if self.arguments:
            schemas = trial_schema(self.recipe, self.chosen), history_schema(self.chosen)
            taken = {name for schema in schemas for name in schema.names}
        self._columns = column_names(self.arguments, taken)

    @property
    def parameters(self) -> Sequence[str]:
        """Every trial parameter, those of the recipe that are set, and those of a network's own."""
        return (*core_fields(), *self.recipe, *self._columns.values())

    @property
    def own_names(self) -> Mapping[str, str]:
        """As the sweep file has them."""
        own = {column: name for name, column in self._columns.items()}
        return {name: name for name in (*core_fields(), *self.recipe)} | own

    def metrics(self, metric: str) -> Mapping[str, bool]:
        """Every metric, and the sweep's own, as its package may be missing where it is read."""
        return _higher_is_better((*epoch_metrics(), *self.chosen, metric))

    @property
    def tests(self) -> Sequence[str]:
        """Those of every sweep, and those of the scores that it chooses."""
        return tuple(dict.fromkeys((*test_metrics(), *test_columns(self.chosen))))

    def trial_schema(self) -> pa.Schema:
        """See `tune_mc1.results.schema.trial_schema`; a network's own come after the others."""
        schema = trial_schema(self.recipe, self.chosen)
        if not self.arguments and not self._more:
            return schema
        place = schema.get_field_index("fold")
        own = [pa.field(self._columns[n], TYPES[kind]) for n, kind in self.arguments.items()]
        fields = list(schema)
        return pa.schema([*fields[:place], *own, *fields[place:], *self._more])

    def history_schema(self) -> pa.Schema:
        """See `tune_mc1.results.schema.history_schema`."""
        return history_schema(self.chosen)

    def add(self, names: Iterable[str]) -> None:
        """Nothing: the columns are fixed."""

    def new_row(self, values: Mapping[str, Any]) -> Row:
        """Parameters that the event predates have their defaults."""
        empty = dict.fromkeys(self.trial_schema().names)
        fields = trial_fields()
        recipe = {name: fields[name].default for name in self.recipe}
        return {**empty, **trial_defaults(), **recipe, **self.cells(values)}

    def cells(self, values: Mapping[str, Any]) -> Row:
        """Values of parameters by column."""
        kinds = self.arguments
        if not kinds:
            return {**values}
        return {
            self._columns[name] if name in kinds else name: cell(value, kinds[name])
            if name in kinds
            else value
            for name, value in values.items()
        }

    def values(self, row: Row) -> dict[str, Any]:
        """Values of the parameters of a row by name."""
        own = {name: row[name] for name in (*core_fields(), *self.recipe)}
        return own | {n: value_of(row[self._columns[n]], k) for n, k in self.arguments.items()}

    def config(self, row: Row) -> TrialConfig:
        """The parameters of the trial that a row describes."""
        values = self.values(row)
        inactive = tuple(name for name in self._conditional if values[name] is None)
        values = {name: value for name, value in values.items() if name not in inactive}
        own = [name for name in self.arguments if name in values]
        arguments = {name: values.pop(name) for name in own}
        if is_outside(values["model"]):
            values = {n: v for n, v in values.items() if n not in OPTIONS or v is not None}
        passed = self._passes.get(values["model"], ())
        passes = tuple(name for name in passed if name not in inactive)
        return TrialConfig(**values, arguments=arguments, passes=passes, inactive=inactive)

    def epoch_row(self, event: Mapping[str, Any], metric: str) -> Row:
        """The columns of `history_schema`, and the sweep's metric."""
        return {name: event.get(name) for name in (*self.history_schema().names, metric)}


@lru_cache
def _higher_is_better(metrics: tuple[str, ...]) -> Mapping[str, bool]:
    return {name: goal_of(name) == "maximize" for name in metrics}


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
    return {name: kind_of(sweep.values_of(name)) for name in sweep.parameters}


TRAINING_COLUMNS = TrainingColumns()


def columns_of(metadata: Mapping[str, Any]) -> Columns:
    """The columns of a sweep.

    Args:
        metadata: Fields of its event `sweep`.
    """
    takes = "from" in metadata
    if "program" not in metadata:
        names = ("parameters", "passes", "recipe", "metrics", "conditional")
        own = [metadata.get(name) for name in names]
        if not any(own) and not takes:
            return TRAINING_COLUMNS
        return TrainingColumns(own[0], own[1], *(each or () for each in own[2:]), takes=takes)
    facts = (metadata["parameters"], metadata["metric"], metadata["maximize"])
    return ProgramColumns(*facts, takes=takes)
