"""Output of a dry run: trials, rungs, resources and machines."""

import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from tune_mc1.config.architectures import ARCHITECTURES
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.set_text import setting_text
from tune_mc1.planning.plan import Plan
from tune_mc1.terminal.fitting import Column, print_fitted
from tune_mc1.terminal.formatting import duration, varied


def print_outline(plan: Plan, facts: dict[str, Any], console: Console) -> None:
    """Prints the outline of a sweep (`tune_mc1.planning.dry_run.outline`)."""
    rows = [{**t.values, "fold": t.fold, "trial": t.id} for t in plan.trials]
    names = varied(rows, list(plan.trials[0].values) if plan.trials else ())
    lists = not isinstance(plan.sweep, ProgramSweep)
    if rows:
        columns = [Column("trial", [row["trial"] for row in rows], left=True)]
        texts = {n: [setting_text(n, row[n], lists=lists) for row in rows] for n in names}
        columns += [Column(name, cells, 1) for name, cells in texts.items()]
        print_fitted(columns, console, "--dry-run --json")
    if facts["rungs"]:
        console.print(_rungs(facts["rungs"], "iteration" if "first" in facts else "epoch"))
    place = "on the cluster" if "cluster" in facts else "on this machine"
    resources = facts["resources"]
    gpu = f" and {resources['gpu']:g} GPU" if resources["gpu"] else ""
    each = _print_fused(facts, console)
    if (workers := facts.get("workers", 1)) > 1:
        each = f"each of {workers} workers, each"
    if (counted := plan.counted) is not None:
        _, height, width = counted.shape
        line = f"Images: {counted.train:,} training images of {width}x{height}"
        console.print(f"{line} in {counted.classes} classes", highlight=False)
    total = facts["total"] or "Any number of"
    line = (
        f"{total} trials, {each} with {resources['cpu']:g} CPU{gpu}, "
        f"{resources['trials_at_once']} at once"
    )
    if "epochs" in facts:
        line += f"; at most {facts['epochs']} epochs in total"
        if plan.trials and _known_sizes(plan):
            line += f"; roughly {duration(facts['forecast_seconds'])} {place}"
    console.print(line, highlight=False, soft_wrap=True)
    for text in (*_where(plan, facts), *_exchanges(facts), *_budget(facts)):
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    if fixed := [name for name in plan.sweep.parameters if rows and name not in names]:
        same = (f"{n}={setting_text(n, rows[0][n], lists=lists)}" for n in fixed)
        text = f"In all trials: {', '.join(same)}"
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    if "cluster" in facts:
        _print_cluster(facts, console)


def _print_fused(facts: dict[str, Any], console: Console) -> str:
    """Prints which trials are fused; returns what gets the resources: each, or each group."""
    fused = [len(group) for group in facts.get("groups", ()) if len(group) > 1]
    if (most := facts.get("suggested_at_once", 1)) > 1:
        line = f"Fused groups: up to {most} settings are suggested at once"
        line += ", and trained as one model where they can be"
        console.print(line, highlight=False, soft_wrap=True)
        return "each group"
    if not fused:
        return "each"
    sizes = ", ".join(f"{n} x {size}" for size, n in sorted(Counter(fused).items()))
    alone = len(facts["groups"]) - len(fused)
    console.print(f"Fused groups: {sizes} trials; trained alone: {alone}", highlight=False)
    return "each group"


def _budget(facts: dict[str, Any]) -> Iterator[str]:
    """Lines on what the budget buys."""
    budget = facts.get("budget")
    if budget is None or not budget["limits"]:
        return
    limits = dict(budget["limits"])
    if "time" in limits:
        limits["time"] = duration(limits["time"])
    line = f"Budget: {', '.join(f'{name} {value}' for name, value in limits.items())}"
    if "share" in budget and budget["limit"] is None:
        line += "; enough for the whole sweep"
    elif "share" in budget:
        trials = f"about {budget['trials']}" if budget["trials"] else "less than one"
        part = f"{budget['epochs']} epochs, {trials} of {facts['total']} trials"
        line += f"; {budget['limit']} buys roughly {part}"
    yield line
    if spent := budget.get("spent"):
        shown = [f"time {duration(spent['time'])}", f"epochs {spent['epochs']}"]
        shown += [f"cost {spent['cost']:.2f}"] if "cost" in limits else []
        yield f"Spent so far: {', '.join(shown)}"


def _exchanges(facts: dict[str, Any]) -> Iterator[str]:
    """The line on when trials exchange weights and settings."""
    found = facts.get("exchanges")
    if found is None:
        return
    epochs = [str(epoch) for epoch in found["epochs"]]
    shown = epochs if len(epochs) <= 5 else [*epochs[:3], "...", epochs[-1]]
    sizes = Counter((p["copy"], p["trials"]) for p in found["populations"])
    who = ", ".join(
        f"{n} of {size}" + (f" in each of {times} populations" if times > 1 else "")
        for (n, size), times in sizes.items()
    )
    yield f"Exchanges after epochs {', '.join(shown)}: {who} trials go on as one of the best do"


def _known_sizes(plan: Plan) -> bool:
    """Whether the layers of all networks are known, without which no duration can be told."""
    networks = [ARCHITECTURES[name] for name in plan.sweep.models]
    return all(network.declared or network.sizes for network in networks)


def _where(plan: Plan, facts: dict[str, Any]) -> Iterator[str]:
    """Lines on the user's own code and its directory."""
    if "directory" in facts:
        yield f"Directory: {facts['directory']}"
    if "command" in facts:
        example = "" if plan.trials or not plan.sweep.search.learns else " (example)"
        yield f"Command{example}: {shlex.join(facts['command'])}"
    if "module" in facts:
        yield f"Module: {', '.join(filter(None, (facts['module'], facts['datamodule'])))}"


def _print_cluster(facts: dict[str, Any], console: Console) -> None:
    """Prints the placement of trials on machines (`tune_mc1.cluster.files.placement`).

    Args:
        facts: The outline.
        console: Console for the output.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("machines")
    for name in ("CPUs", "GPUs", "used", "of", "trials at once on each", "USD/h each"):
        table.add_column(name, justify="right")
    for kind in facts["cluster"]["machines"]:
        price = "-" if kind["usd_an_hour"] is None else f"{kind['usd_an_hour']:.2f}"
        sizes = (f"{kind['cpus']:g}", f"{kind['gpus']:g}")
        counts = (str(kind[k]) for k in ("used", "most", "trials_at_once"))
        table.add_row(kind["name"], *sizes, *counts, price)
    console.print(table)
    cluster = facts["cluster"]
    if cluster.get("usd") is not None:
        console.print(
            f"About {cluster['usd_an_hour']:.2f} USD per hour with these machines; "
            f"{cluster['usd']:.2f} USD for {duration(facts['forecast_seconds'])} and the idle "
            "minutes after",
            highlight=False,
            soft_wrap=True,
        )
    for note in cluster["notes"]:
        console.print(f"- {note}", highlight=False, markup=False, soft_wrap=True)


def _rungs(rows: list[dict[str, int]], unit: str) -> Table:
    table = Table(title="rungs", title_justify="left", box=None, pad_edge=False)
    for name in ("bracket", unit, "trials that reach it"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(str(row["bracket"]), str(row["epoch"]), f"about {row['trials']}")
    return table


def print_studies(rows: list[dict[str, Any]], console: Console) -> None:
    """Prints the rows of `tune_mc1.planning.studies.study_rows`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("study", "method", "trials", "epochs", "description"):
        table.add_column(name, justify="right" if name in ("trials", "epochs") else "left")
    for row in rows:
        columns = ("study", "method", "trials", "epochs", "description")
        table.add_row(*(str(row[name]) for name in columns))
    console.print(table)
