"""The Pareto front of a sweep with several objectives, as a table for the terminal."""

from rich.table import Table

from tune_mc1.results.pareto import front_of, goals_of
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.formatting import metric_text, show, varied


def pareto_table(tables: SweepTables, limit: int | None = None) -> Table | None:
    """Trials that no other trial beats in all objectives; None for a sweep with one objective.

    Args:
        tables: The sweep's tables.
        limit: Maximum number of rows; None shows all.
    """
    goals = goals_of(tables)
    if not goals:
        return None
    front, every = front_of(tables), list(tables.trials.values())
    title = f"Pareto front: {len(front)} of {len(every)} trials, values after the last epoch"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    names = varied(every, tables.columns.parameters)
    table.add_column("trial")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for goal in goals:
        table.add_column(f"{goal.name} ({'max' if goal.maximize else 'min'})", justify="right")
    for row in front[:limit]:
        values = [metric_text(row[goal.column], of_program=True) for goal in goals]
        table.add_row(row["trial"], *(show(row[name]) for name in names), *values)
    return table
