"""The `cluster` commands."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tune_mc1.cli.options import AsJson, print_json, print_notice
from tune_mc1.errors import InputError

if TYPE_CHECKING:
    from tune_mc1.cluster.files.check import ClusterReport
    from tune_mc1.planning.plan import Plan

app = typer.Typer(help="Work with cluster files.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Work with cluster files."""


@app.command(epilog="Example: [bold]tune_mc1 cluster check clusters/gpu.yaml[/]")
def check(
    file: Annotated[Path, typer.Argument(help="A `ray up` file, or KubeRay manifests.")],
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """Check a cluster file: errors, warnings, hourly price, and what `ray up` will run.

    An error is what cannot work (status 2); a warning is what is unwise, unsafe or unusual (status
    0). Requires neither network access nor credentials, and starts nothing.
    """
    from tune_mc1.cluster.files.check import check_cluster

    report = check_cluster(file)
    failed = bool(report.mistakes) or (strict and bool(report.warnings))
    if as_json:
        print_json(_as_dict(report))
        raise typer.Exit(2 if failed else 0)
    for note in report.notes:
        print_notice(note)
    for message in report.messages:
        if message.warning:
            print_notice(f"{message.text} (see {message.see})", "Warning")
    if report.mistakes:
        errors = [message for message in report.messages if not message.warning]
        raise InputError([f"{message.text} (see {message.see})" for message in errors])
    _print(report, Console())
    if failed:
        raise typer.Exit(2)


def _as_dict(report: "ClusterReport") -> dict[str, Any]:
    """A report as plain data, for `--json`."""
    cluster = report.cluster
    nodes = [{k: v for k, v in asdict(n).items() if k != "path"} for n in cluster.nodes]
    return {
        "file": str(cluster.path),
        "form": cluster.form,
        "provider": cluster.provider,
        "mistakes": report.mistakes,
        "warnings": report.warnings,
        "messages": [asdict(message) for message in report.messages],
        "notes": report.notes,
        "nodes": nodes,
        "max_workers": cluster.max_workers,
        "usd_an_hour": asdict(report.price),
        "runs": report.runs,
    }


def _print(report: "ClusterReport", console: Console) -> None:
    cluster = report.cluster
    number = len(report.warnings)
    found = "no errors" + (f", {number} warning{'s'[: number > 1]}" if number else " or warnings")
    console.print(
        f"{cluster.path}: {found}", style="yellow" if number else "green", highlight=False
    )
    if cluster.nodes:
        console.print(_nodes(report))
    price = report.price
    if price.idle is not None and price.most is not None:
        console.print(
            f"About {price.idle:.2f} USD per hour when idle, at most {price.most:.2f} with "
            f"{cluster.max_workers} workers",
            highlight=False,
            soft_wrap=True,
        )
    if report.runs:
        console.print("\n`ray up` sets up each machine in these steps:")
    shown: dict[tuple[str, ...], list[str]] = {}
    for name, steps in report.runs.items():
        shown.setdefault(tuple(steps), []).append(name)
    for same, names in shown.items():
        console.print(", ".join(names), style="bold", highlight=False)
        for i, step in enumerate(same, 1):
            console.print(f"  {i}. {step}", highlight=False, markup=False, soft_wrap=True)


def _nodes(report: "ClusterReport") -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("node type", "machine", "CPUs", "GPUs", "nodes", "USD/h each"):
        table.add_column(name, justify="left" if name in ("node type", "machine") else "right")
    for node in report.cluster.nodes:
        count = str(node.most) if node.least == node.most else f"{node.least} to {node.most}"
        price = "-" if node.price is None else f"{node.price:.2f}{' (spot)' if node.spot else ''}"
        sizes = ("-" if n is None else f"{n:g}" for n in (node.cpus, node.gpus))
        table.add_row(node.name, node.instance or "-", *sizes, count, price)
    return table


def outline_of(plan: "Plan", file: Path | None, address: str | None) -> dict[str, Any]:
    """Outlines a sweep: on this machine, on a running cluster, or within a cluster file's limits.

    Args:
        plan: The sweep.
        file: The cluster file, or None.
        address: Address of a running cluster, or None.

    Raises:
        InputError: If the cluster cannot be used, or cannot hold a trial.
    """
    if file is not None and address is not None:
        raise InputError("--cluster: not valid with --address, which names a running cluster")
    if file is not None:
        return _outline_on_file(plan, file)
    if address is not None:
        from tune_mc1.cluster.address import connect
        from tune_mc1.cluster.files.placement import outline_on_running

        connect(address)
        return outline_on_running(plan, address)
    from tune_mc1.planning.dry_run import outline

    return outline(plan)


def _outline_on_file(plan: "Plan", file: Path) -> dict[str, Any]:
    from tune_mc1.cluster.files.check import cluster_messages
    from tune_mc1.cluster.files.cluster_file import read_cluster
    from tune_mc1.cluster.files.placement import outline_on_file
    from tune_mc1.cluster.files.versions import Versions

    messages = cluster_messages(read_cluster(file), Versions())
    if errors := sum(not message.warning for message in messages):
        print_notice(f"{file}: {errors} errors; run python -m tune_mc1 cluster check {file}")
    return outline_on_file(plan, file)
