"""The Pareto front of a sweep with several objectives, as a table for the terminal."""

from rich.console import Console
from rich.table import Table

from tune_mc1.results.pareto import front_of, goals_of
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.formatting import metric_text, show, varied


def print_pareto(tables: SweepTables, console: Console, limit: int | None = None) -> None:
    """Prints the trials that no other trial beats in all objectives.

    Args:
        tables: The sweep's tables; nothing is printed for one with a single objective.
        console: Where to print.
        limit: Maximum number of rows; None shows all.
    """
    goals = goals_of(tables)
    if not goals:
        return
    front, every = front_of(tables), list(tables.trials.values())
    title = f"Pareto front: {len(front)} of {len(every)} trials, values after the last epoch"
    console.print(f"\n{title}", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    names = varied(every, tables.columns.parameters)
    table.add_column("trial")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for goal in goals:
        table.add_column(f"{goal.name} ({'max' if goal.maximize else 'min'})", justify="right")
    for row in front[:limit]:
        values = [metric_text(row[goal.column], of_program=True) for goal in goals]
        table.add_row(row["trial"], *(show(row[name]) for name in names), *values)
    console.print(table)
