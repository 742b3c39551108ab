"""Runs a plan: loads the images, starts the sweep, and says at the end what came of it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tune_mc1.cluster import allow_own_token, connect
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import load_data
from tune_mc1.data.splits import make_split
from tune_mc1.errors import InputError
from tune_mc1.models.architectures import check_image_fits
from tune_mc1.prepare import Plan
from tune_mc1.progress import SweepView
from tune_mc1.result_dir import ResultDir
from tune_mc1.results import ENDED, SweepTables
from tune_mc1.storage import check_storage, directory_name
from tune_mc1.wandb_mirror import WandbMirror, choose_mode

Notify = Callable[[str], None]


def run_plan(
    plan: Plan,
    *,
    output: Path | None,
    address: str | None,
    max_concurrent: int | None,
    wandb: str | None,
    console: Console,
    notify: Notify,
) -> int:
    """Runs all trials of a plan and prints the ranked results.

    Returns:
        The exit status: 0 if all trials ended, 1 if some failed, 130 if it was interrupted.

    Raises:
        InputError: If the images cannot be used or results cannot be written.
    """
    parent = output or Path(plan.sweep.storage or "results")
    check_storage(parent, "-o" if output else "storage" if plan.sweep.storage else "results")
    mode = choose_mode(wandb)
    connect(address) if address is not None else allow_own_token()
    data = load_checked(plan, notify)
    from tune_mc1.show import print_result
    from tune_mc1.sweep import run_sweep
    from tune_mc1.tuning import SweepRun

    where = ResultDir.create(parent, directory_name(plan.sweep.name or "sweep"))
    mirror = WandbMirror(where, mode, notify) if mode != "disabled" else None
    console.print(f"Results: {where.root}", highlight=False, soft_wrap=True)
    run = SweepRun(plan.sweep, plan.trials, data, where, address, max_concurrent, mirror)
    tables = run_sweep(run, SweepView(console, plan.total), notify)
    print_result(where, tables, console)
    return exit_status(tables, plan.total)


def load_checked(plan: Plan, notify: Notify) -> ImageData:
    """Loads the images and checks that every trial can use them.

    Raises:
        InputError: If not.
    """
    data = load_data(plan.sweep.data, notify=notify)
    models = sorted({t.config.model for t in plan.trials})
    problems = [p for m in models if (p := check_image_fits(m, data.image_shape))]
    if problems:
        raise InputError(problems)
    fold = plan.trials[0].fold if plan.trials else None
    make_split(data, plan.sweep.validation, fold)
    return data


def exit_status(tables: SweepTables, total: int) -> int:
    """0 if all trials ended by themselves, 1 if some failed, 130 if the sweep was cut off."""
    states = Counter(row["state"] for row in tables.trials.values())
    if sum(states[s] for s in ENDED) < total:
        return 130
    return 1 if states["failed"] else 0
