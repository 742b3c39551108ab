"""The Pareto front of a sweep with several objectives, as a table for the terminal."""

from rich.console import Console

from tune_mc1.results.pareto import front_of, goals_of
from tune_mc1.results.tables import SweepTables
from tune_mc1.terminal.fitting import Column, print_fitted
from tune_mc1.terminal.formatting import metric_text, varied
from tune_mc1.terminal.ranked_tables import parameter_columns


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
    shown = front[:limit]
    names = varied(every, tables.columns.parameters)
    columns = [
        Column("trial", [row["trial"] for row in shown], left=True),
        *parameter_columns(tables, shown, names),
    ]
    for goal in goals:
        values = [metric_text(row[goal.column], of_program=True) for row in shown]
        columns.append(Column(f"{goal.name} ({'max' if goal.maximize else 'min'})", values))
    print_fitted(columns, console, "show --json")
