"""Content of a trial's W&B run: rows of its history, summary, exit code, name."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables

SUMMARY = ("state", "best_epoch", "epochs_run", "node", "device_name", "attempts", "error")
EXIT_CODES = {"completed": 0, "stopped": 0, "diverged": 0, "failed": 1}  # all others: cut off
CUT_OFF = 255  # W&B's own code for an interrupted run


def epoch_rows(
    tables: "SweepTables", trial: str, after: int, last: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Epochs of a trial with their logged values, without missing metrics.

    Args:
        tables: The sweep's tables.
        trial: The trial's id.
        after: Last epoch to skip.
        last: Last epoch to include.
    """
    columns = tables.columns.history_schema().names
    logged = [name for name in columns if name not in ("trial", "time")]
    for epoch in range(after + 1, last + 1):
        row = tables.history.get((trial, epoch), {})
        values = {name: row[name] for name in logged if row.get(name) is not None}
        if values:
            yield epoch, values


def summary_values(tables: "SweepTables", row: Mapping[str, Any]) -> dict[str, Any]:
    """Final summary of the run, named as in `trials.parquet`.

    Args:
        tables: The sweep's tables.
        row: The trial's row.
    """
    best = (f"best_{name}" for name in tables.columns.metrics(tables.metric))
    names = (*SUMMARY, *best, *tables.columns.tests)
    return {name: row[name] for name in names if row.get(name) is not None}


def exit_code(row: Mapping[str, Any]) -> int:
    """0 for a trial that ended, 1 for a failed one, else `CUT_OFF`."""
    return EXIT_CODES.get(row["state"], CUT_OFF)


def run_name(trial: str, config: Mapping[str, Any], varied: Mapping[str, bool]) -> str:
    """The trial's id and those of its parameters that differ between trials.

    Args:
        trial: The trial's id.
        config: Its parameters.
        varied: Whether a parameter differs.
    """
    settings = (
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in config.items()
        if varied[name]
    )
    return " ".join((trial, *settings))[:128]
