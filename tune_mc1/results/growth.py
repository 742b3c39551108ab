"""What events of sweeps that grow, start from earlier ones, or end early do to the tables."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tune_mc1.results.cells import value_of
from tune_mc1.results.columns import columns_of
from tune_mc1.results.columns_of_programs import TAKEN_FROM, ProgramColumns
from tune_mc1.results.exchanges import take_exchange
from tune_mc1.results.growth_events import (
    ENDING,
    AgainEvent,
    DropEvent,
    EnoughEvent,
    GrowEvent,
    TakenEvent,
)
from tune_mc1.results.steering.marks import STEERING_HANDLERS, forget_stop
from tune_mc1.results.tested import outdate_tests

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables

GROWING = ("replicates", "parameters", "passes", "recipe")
"""Fields of a sweep's metadata that its trials may change."""


def grow(tables: "SweepTables", event: GrowEvent) -> None:
    """Applies an event `grow`: adds columns; the winner's test scores stay until the next one's.

    Args:
        tables: The tables, changed in place.
        event: The event; its fields are those of the sweep with all its trials, old and new.
    """
    outdate_tests(tables)
    before = tables.columns
    kinds = tables.metadata.get("parameters") or {}
    tables.metadata |= {name: event[name] for name in GROWING if name in event}  # type: ignore[literal-required]
    tables.columns = columns_of(tables.metadata)
    if isinstance(before, ProgramColumns):
        tables.columns.add(before.metrics(tables.metric))
    for row in tables.trials.values():
        values = before.values(row)
        if tables.of_program:
            values = {name: value_of(value, kinds[name]) for name, value in values.items()}
        kept = {name: row[name] for name in row if name not in before.parameters}
        row.update(tables.columns.new_row(values) | kept)


def take_over(tables: "SweepTables", event: TakenEvent) -> None:
    """Applies an event `taken`: the row and history of a trial of an earlier sweep.

    Args:
        tables: The tables, changed in place.
        event: The event.
    """
    trial, row = event["trial"], tables.trials[event["trial"]]
    if tables.of_program:
        tables.columns.add(name for epoch in event["history"] for name in epoch if name != "trial")
    row.update({name: value for name, value in event["row"].items() if name in row})
    row[TAKEN_FROM] = f"{event['source']}/{event['of']}"
    absent = dict.fromkeys(tables.columns.history_schema().names)
    for epoch in event["history"]:
        tables.history[trial, epoch["epoch"]] = absent | epoch


def drop(tables: "SweepTables", event: DropEvent) -> None:
    """Applies an event `drop`."""
    tables.trials[event["trial"]]["state"] = "dropped"


def run_again(tables: "SweepTables", event: AgainEvent) -> None:
    """Applies an event `again`: the trial is unfinished, and another one may win."""
    forget_stop(tables, event["trial"])
    tables.trials[event["trial"]].update({"state": "interrupted", "ended": None})
    outdate_tests(tables)


def end_early(tables: "SweepTables", event: EnoughEvent) -> None:
    """Applies an event `enough`."""
    tables.metadata[ENDING] = event["reason"]


HANDLERS: Mapping[str, Callable[["SweepTables", Any], None]] = {
    "grow": grow,
    "drop": drop,
    "taken": take_over,
    "again": run_again,
    "enough": end_early,
    "exchange": take_exchange,
    **STEERING_HANDLERS,
}
"""Functions that apply an event to the tables, by its name."""
