"""Exchanges between trials: their event, and what it does to the tables.

With population based training a trial may go on with the weights and settings of another one. Its
row has the settings of its last epoch; `history.parquet` has those of each epoch, and in
`copied_from` of the first epoch after an exchange, the trial whose weights it went on with.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from tune_mc1.results.states import Row
from tune_mc1.results.sweep_event import Stamped

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables

COPIED_FROM, COPIED_AFTER = "copied_from", "copied_after"
"""Columns of `trials.parquet` in a sweep whose trials exchange, the first also of the history: the
trial whose weights a trial went on with last, and the epoch after which it did."""


REPLACED = ("diverged", "failed")
"""States of ended trials that go on with a copy, as if they had been the worst."""


class CopyFields(TypedDict):
    """A trial that goes on with the weights and settings of another one.

    Attributes:
        trial: Its id.
        source: Id of the other one.
        score: Its score, negated if lower is better; null if missing or not finite.
        source_score: Score of the other one.
        config: Its parameters from now on.
        config_hash: Of these.
    """

    trial: str
    source: str
    score: float | None
    source_score: float
    config: dict[str, Any]
    config_hash: str


class ExchangeEvent(Stamped):
    """Trials that have completed as many epochs were compared, and go on.

    Attributes:
        epoch: That number of epochs.
        trials: Ids of all that go on, also of those that have diverged or failed and are replaced.
        copies: Those of them that go on with the weights and settings of another one.
        settings: Values of the explored parameters that each had until now, where the population
            learns from them.
    """

    event: Literal["exchange"]
    epoch: int
    trials: list[str]
    copies: list[CopyFields]
    settings: NotRequired[dict[str, dict[str, Any]]]


def take_exchange(tables: "SweepTables", event: ExchangeEvent) -> None:
    """Applies an event `exchange`: the settings that trials have from now on.

    Args:
        tables: The tables, changed in place.
        event: The event.
    """
    for copy in event["copies"]:
        row = tables.trials[copy["trial"]]
        row |= {COPIED_FROM: copy["source"], COPIED_AFTER: event["epoch"]}
        row |= tables.columns.cells(copy["config"]) | {"config_hash": hash_of(row, copy)}
        if row["state"] in REPLACED:
            row |= {"state": "paused", "ended": None, "error": None}


def hash_of(row: Row, planned: Mapping[str, Any]) -> str:
    """Identity of the setting of a trial, given its row and its values.

    What a trial does that has copied weights does not depend on its last settings alone, so no
    other trial is a replicate of it.

    Args:
        row: Its row in `trials.parquet`.
        planned: `config_hash` of its values.
    """
    plain = str(planned["config_hash"])
    if row.get(COPIED_FROM) is None:
        return plain
    from tune_mc1.config.setting_hash import setting_hash  # with pydantic, which readers do without

    return setting_hash({"setting": plain, "trial": row["trial"]})


def goes_on_after(row: Row) -> int:
    """Epochs after which a trial goes on: its own, or those of the one that it has copied.

    One that has diverged or failed and was replaced lacks the epochs between.
    """
    epochs: int = max(row["epochs_run"], row.get(COPIED_AFTER) or 0)
    return epochs


def copied_before(row: Row, epoch: int) -> str | None:
    """The trial whose weights a trial went on with just before an epoch; None if with its own."""
    source: str | None = row[COPIED_FROM]
    return source if row[COPIED_AFTER] == epoch - 1 else None


def copies_of(tables: "SweepTables", trial: str) -> list[tuple[int, str]]:
    """The exchanges in which a trial copied weights, as (epochs completed, other trial)."""
    row = tables.trials[trial]
    rows = (tables.history.get((trial, e)) for e in range(1, row["epochs_run"] + 1))
    found = [
        (entry["epoch"] - 1, entry[COPIED_FROM])
        for entry in rows
        if entry is not None and entry.get(COPIED_FROM) is not None
    ]
    if row.get(COPIED_FROM) is not None and row[COPIED_AFTER] == row["epochs_run"]:
        found.append((row[COPIED_AFTER], row[COPIED_FROM]))
    return found
