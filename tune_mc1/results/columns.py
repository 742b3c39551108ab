"""Columns of a sweep's tables: those of our own training, or of a program's parameters and metrics.

The columns that are ours have the same names and types in both. A program's stand beside them under
its own names; `param.` or `metric.` comes before a name that would collide.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from tune_mc1.config.chosen_metrics import test_columns
from tune_mc1.config.metrics import epoch_metrics, goal_of, test_metrics
from tune_mc1.config.model_names import OPTIONS, is_outside
from tune_mc1.config.trial import TrialConfig, core_fields, trial_defaults, trial_fields
from tune_mc1.results.any_columns import Columns
from tune_mc1.results.cells import TYPES, cell, column_names, value_of
from tune_mc1.results.columns_of_programs import TAKEN_FROM, ProgramColumns
from tune_mc1.results.exchanges import COPIED_AFTER, COPIED_FROM, copied_before
from tune_mc1.results.schema import Row, history_schema, trial_schema

_COPIED = (pa.field(COPIED_FROM, pa.string()), pa.field(COPIED_AFTER, pa.int32()))


class TrainingColumns(Columns):
    """Columns of our own training: every trial parameter, every registered metric.

    Args:
        arguments: Kind of each parameter of a network's own by name, as `argument_kinds` gives it.
        passes: Trial parameters that the constructor of each network from outside gets.
        recipe: Parameters of the training recipe that the sweep sets.
        chosen: Metrics that the sweep records beside those of every sweep.
        conditional: Parameters that some of its trials lack.
        changing: Parameters that trials exchange while they run.
        takes: Whether trials may come from earlier sweeps.
    """

    def __init__(
        self,
        arguments: Mapping[str, str] | None = None,
        passes: Mapping[str, Sequence[str]] | None = None,
        recipe: Sequence[str] = (),
        chosen: Sequence[str] = (),
        conditional: Sequence[str] = (),
        changing: Sequence[str] = (),
        *,
        takes: bool = False,
    ) -> None:
        self._more = [pa.field(TAKEN_FROM, pa.string())] if takes else []
        self._more += _COPIED if changing else []
        self.changing = tuple(changing)
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

    @property
    def json(self) -> Collection[str]:
        """Those of a network's own that are lists, mappings or of several types."""
        return {self._columns[n] for n, kind in self.arguments.items() if kind == "json"}

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
        """See `tune_mc1.results.schema.history_schema`; those that change come after the others."""
        schema = history_schema(self.chosen)
        if not self.changing:
            return schema
        of_trial = self.trial_schema()
        own = [of_trial.field(name) for name in self.changing if name not in schema.names]
        return pa.schema([*schema, *own, _COPIED[0]])

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

    def of_epoch(self, row: Row, epoch: int) -> Row:
        """Parameters that trials exchange, but the learning rate, which every epoch has."""
        if not self.changing:
            return {}
        values = {name: row[name] for name in self.changing if name != "learning_rate"}
        return values | {COPIED_FROM: copied_before(row, epoch)}

    def epoch_row(self, event: Mapping[str, Any], metric: str) -> Row:
        """The columns of `history_schema`, and the sweep's metric."""
        return {name: event.get(name) for name in (*self.history_schema().names, metric)}


@lru_cache
def _higher_is_better(metrics: tuple[str, ...]) -> Mapping[str, bool]:
    return {name: goal_of(name) == "maximize" for name in metrics}


TRAINING_COLUMNS = TrainingColumns()


def columns_of(metadata: Mapping[str, Any]) -> Columns:
    """The columns of a sweep.

    Args:
        metadata: Fields of its event `sweep`.
    """
    takes = "from" in metadata
    if "program" not in metadata:
        names = ("parameters", "passes", "recipe", "metrics", "conditional", "changing")
        own = [metadata.get(name) for name in names]
        if not any(own) and not takes:
            return TRAINING_COLUMNS
        return TrainingColumns(own[0], own[1], *(each or () for each in own[2:]), takes=takes)
    facts = (metadata["parameters"], metadata["metric"], metadata["maximize"])
    return ProgramColumns(*facts, takes=takes)
