"""What the event of an epoch does to the tables: its row, and the best and last of its trial."""

from typing import TYPE_CHECKING

from tune_mc1.config.metrics import better
from tune_mc1.results.exchanges import COPIED_FROM
from tune_mc1.results.schema import Row
from tune_mc1.results.trial_events import EpochEvent

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables


def take_epoch(tables: "SweepTables", event: EpochEvent) -> None:
    """Applies the event of an epoch, or of a program's iteration.

    An epoch that ran again replaces its row, and everything derived from it is redone. A program
    that reports an earlier iteration has begun again from there.

    Args:
        tables: The tables, changed in place.
        event: The event.
    """
    trial, epoch = event["trial"], event["epoch"]
    if tables.of_program:
        tables.running.log(trial, event.get("time", 0.0))
    row, old = tables.trials[trial], tables.history.get((trial, epoch))
    # null, as readers of parquet take NaN as the largest number, or not as missing
    cells = tables.columns.epoch_row(event, tables.metric).items()
    entry = {name: None if value != value else value for name, value in cells}  # noqa: PLR0124
    entry |= tables.columns.of_epoch(row, epoch)
    if entry == old:
        return  # told again by a later attempt
    if tables.of_program and epoch <= row["epochs_run"]:
        _begin_again(tables, trial, epoch)
        old = None
    if old is not None and {**entry, "time": None} == {**old, "time": None}:
        return  # a resumed trial reports its last epoch again
    tables.history[trial, epoch] = entry
    row |= {k: event.get(k) for k in ("node", "device_name")}
    if old is None:
        _take_metrics(tables, row, entry)
        return
    last = row["epochs_run"]
    row |= nothing_yet(tables)
    for again in (tables.history.get((trial, e)) for e in range(1, last + 1)):
        if again is not None:
            _take_metrics(tables, row, again)


def nothing_yet(tables: "SweepTables") -> Row:
    """Values of a trial's row before the first epoch."""
    numbers = {"epochs_run": 0, "seconds": 0.0, "best_epoch": None, "images_per_second": None}
    names = tables.columns.metrics(tables.metric)
    return numbers | dict.fromkeys(f"{kind}_{name}" for kind in ("best", "last") for name in names)


def _begin_again(tables: "SweepTables", trial: str, epoch: int) -> None:
    """Forgets the iterations of a program's earlier attempt from the given one on."""
    row = tables.trials[trial]
    last = row["epochs_run"]
    row |= nothing_yet(tables)
    for number in range(1, last + 1):
        if number >= epoch:
            tables.history.pop((trial, number), None)
        elif (kept := tables.history.get((trial, number))) is not None:
            _take_metrics(tables, row, kept)


def _take_metrics(tables: "SweepTables", row: Row, entry: Row) -> None:
    """Adds an epoch to the best and last values of its trial's row."""
    row["seconds"] += entry["seconds"] or 0.0
    epoch, before = entry["epoch"], row["epochs_run"]
    if better(entry.get(tables.metric), tables.score(row), maximize=tables.maximize):
        row["best_epoch"] = epoch
    for name, maximize in tables.columns.metrics(tables.metric).items():
        if tables.of_program and entry.get(name) is None:
            continue  # the last value that was logged
        row[f"last_{name}"] = entry[name]
        if better(entry[name], row.get(f"best_{name}"), maximize=maximize):
            row[f"best_{name}"] = entry[name]
    row["epochs_run"] = max(epoch, before)
    if tables.of_program:
        return
    rate = row["images_per_second"] or 0.0
    count = _count(tables, row, epoch)
    row["images_per_second"] = rate + (entry["images_per_second"] - rate) / count


def _count(tables: "SweepTables", row: Row, epoch: int) -> int:
    """Epochs of a trial up to one; one that was replaced in its population lacks some."""
    if row.get(COPIED_FROM) is None:
        return max(epoch, 1)
    return sum((row["trial"], number) in tables.history for number in range(1, epoch + 1))
