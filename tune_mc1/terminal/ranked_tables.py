"""Columns of the tables of a sweep's trials and settings, best first."""

from collections.abc import Collection, Sequence

from tune_mc1.config.metrics import shown_test_metrics
from tune_mc1.results.schema import Row
from tune_mc1.results.settings import Setting
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.fitting import Column
from tune_mc1.terminal.formatting import (
    duration,
    losses_columns,
    metric_text,
    rank_text,
    summary_text,
    trials_text,
    typed,
    varied,
)

MOST_METRICS = 3
"""Metrics that are shown of a sweep that has none of its own."""

PARAMETER, TEST, EPOCH, TIME = 1, 2, 3, 4
"""Ranks of columns: the time goes first where there is no room, then the epoch, and so on."""


def trial_columns(
    tables: SweepTables, rows: Sequence[Row], limit: int | None, tied: Collection[str] = ()
) -> list[Column]:
    """Columns of a table of trials, in the given order.

    Args:
        tables: Tables of the sweep.
        rows: Rows of its trials.
        limit: Maximum number of rows; None shows all.
        tied: Hashes of settings that cannot be told apart from the best.
    """
    shown = rows[:limit]
    ranks = [rank_text(place, row, tied) for place, row in enumerate(shown, 1)]
    return [
        Column("#", ranks),
        Column("trial", [row["trial"] for row in shown], left=True),
        *parameter_columns(tables, shown, varied(rows, tables.columns.parameters)),
        *_scores(tables, shown),
        Column("state", [row["state"] for row in shown]),
        Column("time", [duration(seconds_of(tables, row)) for row in shown], TIME),
    ]


def setting_columns(
    tables: SweepTables,
    settings: Sequence[Setting],
    limit: int | None,
    tied: Collection[str] = (),
) -> list[Column]:
    """Columns of a table of settings, in the given order; see `trial_columns`."""
    apart = varied([s.rows[0] for s in settings], tables.columns.parameters)
    names = [name for name in apart if name not in ("seed", "fold")]
    shown, program = settings[:limit], tables.of_program
    ranks = [rank_text(place, s.rows[0], tied) for place, s in enumerate(shown, 1)]
    scores = [summary_text(s.score, of_program=program) for s in shown]
    spreads = [metric_text(s.score.sd, of_program=program) for s in shown]
    return [
        Column("#", ranks),
        *parameter_columns(tables, [s.rows[0] for s in shown], names),
        Column(f"best {metric_name(tables)}, 95 %", scores),
        Column("sd", spreads, EPOCH),
        Column("trials", [trials_text(setting) for setting in shown], TEST),
        *(Column(state, counts, TEST) for state, counts in losses_columns(shown).items()),
    ]


def parameter_columns(
    tables: SweepTables, rows: Sequence[Row], names: Sequence[str]
) -> list[Column]:
    """Columns of parameters, under the names that the user gave them.

    Args:
        tables: Tables of the sweep.
        rows: Rows of its trials.
        names: Their columns in the tables.
    """
    columns, own = tables.columns, tables.columns.own_names
    texts = {name: [typed(columns, row, name) for row in rows] for name in names}
    return [Column(own.get(n, n), texts[n], PARAMETER) for n in names]


def metric_name(tables: SweepTables) -> str:
    """The sweep's metric under its own name."""
    return str(tables.metadata["metric"]) if tables.of_program else tables.metric


def _scores(tables: SweepTables, rows: Sequence[Row]) -> list[Column]:
    """Best value and its epoch, and the test scores; the last values of a sweep without a metric.

    A sweep of a program may have no metric of its own; then some are shown that it logs.
    """
    program = tables.of_program
    if not tables.metric:
        names = list(tables.columns.metrics(""))[:MOST_METRICS]
        logs = Column("logs", [str(row["epochs_run"]) for row in rows], EPOCH)
        return [*(_column(tables, f"last_{n}", f"last {n}", rows, PARAMETER) for n in names), logs]
    at = [f"{row['best_epoch'] or '-'}/{row['epochs_run']}" for row in rows]
    tests = () if program else shown_test_metrics(tables.metric)
    return [
        _column(tables, f"best_{tables.metric}", f"best {metric_name(tables)}", rows),
        Column("at iteration" if program else "at epoch", at, EPOCH),
        *(
            _column(tables, name, name, rows, TEST)
            for name in tests
            if any(row.get(name) is not None for row in rows)
        ),
    ]


def _column(
    tables: SweepTables, name: str, heading: str, rows: Sequence[Row], rank: int = 0
) -> Column:
    cells = [metric_text(row.get(name), of_program=tables.of_program) for row in rows]
    return Column(heading, cells, rank)


def seconds_of(tables: SweepTables, row: Row) -> float:
    """Seconds of training, or for which a program has run."""
    return tables.running.of(row) if tables.of_program else row["seconds"] or 0.0
