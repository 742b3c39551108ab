"""Run of a plan, from its checks to the printed results."""

import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tune_mc1.caller import tell
from tune_mc1.cluster.address import allow_own_token, connect
from tune_mc1.data.images import ImageData
from tune_mc1.errors import SweepStopped
from tune_mc1.interruption import INTERRUPTED, Interruption
from tune_mc1.planning.earlier import check_images
from tune_mc1.planning.plan import Plan
from tune_mc1.planning.warm_start import COLD, WarmStart
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.growth_events import ENDING
from tune_mc1.results.head import sweep_event
from tune_mc1.results.schema import ENDED
from tune_mc1.results.steering.marks import size
from tune_mc1.results.store.probe import check_nodes
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.store_mirror import mirrored
from tune_mc1.results.tables import SweepTables
from tune_mc1.running.begin_loading import Notify
from tune_mc1.running.finished import finish_sweep
from tune_mc1.running.forecast_left import time_left
from tune_mc1.running.image_lines import constant_guess
from tune_mc1.running.opening import open_run
from tune_mc1.running.program_start import (
    check_requirements,
    cluster_environment,
    own_context,
    set_up,
)
from tune_mc1.running.result_place import place_of
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.live_view import SweepView
from tune_mc1.terminal.printing import print_result
from tune_mc1.tracking.kept_up import KeptUp
from tune_mc1.tracking.tracker import make_trackers

if TYPE_CHECKING:
    from tune_mc1.cluster.ray_runtime import Cluster


def run_plan(
    plan: Plan,
    *,
    output: Path | None,
    address: str | None,
    max_concurrent: int | None,
    tracker_options: Mapping[str, str | None],
    console: Console,
    notify: Notify,
    page: Callable[[Path], str] | None = None,
) -> int:
    """Runs all trials of a plan and prints the ranked results.

    Args:
        plan: The plan.
        output: Where to write results; None for the plan's place.
        address: A running Ray cluster; None for one of our own.
        max_concurrent: Maximum number of concurrent trials.
        tracker_options: Options of experiment trackers, by name.
        console: Where to print.
        notify: Prints a notice.
        page: Starts a page that shows a result directory, and returns its address.

    Returns:
        The exit status: 0 if all trials ended, 1 if some failed or the sweep could not continue,
        130 if it was interrupted.

    Raises:
        InputError: If the images cannot be used or results cannot be written.
    """
    launches, mode = set_up(plan.sweep, tracker_options)
    parent, field = place_of(plan, output)
    _check_ray(plan, address, parent, field, notify)
    interruption = Interruption()
    interruption.install()
    with ExitStack() as ending:
        opened = open_run(plan, parent, address, console, notify, interruption, ending)
        plan, where, remote, past = opened.plan, opened.where, opened.remote, opened.past
        if page is not None:
            console.print(f"Page: {page(where.root)}", highlight=False, soft_wrap=True)
        trackers = make_trackers(launches, where, notify)
        program = None
        if opened.cluster is not None:
            program = own_context(plan, where, past, mode, remote, here=address is None)
        run = SweepRun(
            *(plan.sweep, plan.trials, opened.data, where, address),
            *(max_concurrent or size(past.tables), trackers),
            tracked=KeptUp.of(where, launches, tracker_options),
            past=past,
            remote=remote,
            growth=plan.growth,
            warm=_warm(plan, opened.data),
            program=program,
            complete=opened.cluster is None,
        )
        view = opened.view
        interruption.exit_message = resume_line(plan.command, where, remote)
        view.total, view.left = run.total, time_left(plan, run)
        stopped = _run(run, opened.cluster, view, notify, interruption)
        tables = past.tables if past.is_current() else where.read()
    print_result(where, tables, console, said=view.said)
    if run.data is not None and (told := constant_guess(tables, plan.sweep, run.data)):
        notify(told)
    if stopped is None:
        return exit_status(tables, run.total)
    return _say_stopped(stopped, interruption, console, notify)


def _run(
    run: SweepRun,
    cluster: "Cluster | None",
    view: SweepView,
    notify: Notify,
    interruption: Interruption,
) -> SweepStopped | None:
    """Runs a sweep; returns why it could not go on, if so.

    Args:
        run: The sweep.
        cluster: Its Ray; None if nothing is left to run.
        view: Shows the progress.
        notify: Prints a notice.
        interruption: Ends the sweep early.
    """
    try:
        with mirrored(run.where, run.remote, notify, interruption) as publish:
            run = replace(run, publish=publish)
            if cluster is None:
                finish_sweep(run, view, notify, interruption)
            else:
                from tune_mc1.cluster.ray_tune_private import load_tune

                load_tune()  # unless connecting has done so, while images were loaded
                from tune_mc1.running.driver import run_sweep

                run_sweep(run, cluster, view, notify, interruption)
    except SweepStopped as error:
        return error
    return None


def _say_stopped(
    stopped: SweepStopped, interruption: Interruption, console: Console, notify: Notify
) -> int:
    """Says why a sweep ended early, and how to resume it; returns the exit status."""
    if stopped.reason is not None:
        tell(stopped=stopped.reason)
        notify(stopped.reason)
    console.print(interruption.exit_message, highlight=False, markup=False, soft_wrap=True)
    return INTERRUPTED if stopped.reason is None else 1


def _check_ray(
    plan: Plan, address: str | None, parent: Path | Remote, field: str, notify: Notify
) -> None:
    """Connects to the cluster, if any, and checks that it can run the trials and share results."""
    if address is None:
        check_requirements(plan.sweep, notify, here=True)
        allow_own_token()
        return
    connect(address, cluster_environment(plan.sweep, parent, notify))
    from tune_mc1.cluster.nodes import trial_resources

    trial_resources(plan.sweep, plan.training_trials)
    check_requirements(plan.sweep, notify, here=False)
    check_nodes(parent, field)


def resume_line(command: str, where: ResultDir, remote: Remote | None) -> str:
    """The command that resumes a sweep, from any machine if an object store has it."""
    place = shlex.quote(remote.url if remote else str(where.root))
    return f"Resume: python -m tune_mc1 sweep {command} --resume {place}"


def _warm(plan: Plan, data: ImageData | None) -> WarmStart:
    """What a new sweep takes from earlier ones, which had the same images."""
    if plan.warm is None:
        return COLD
    check_images(plan.warm.earlier, sweep_event(plan.sweep, data))
    return plan.warm


def exit_status(tables: SweepTables, total: int) -> int:
    """0 if all trials ended, 1 if some failed, `INTERRUPTED` if some did not end.

    A sweep that ends at its target or with its budget has done what it was told.
    """
    states = Counter(row["state"] for row in tables.trials.values())
    if sum(states[s] for s in ENDED) < total and ENDING not in tables.metadata:
        return INTERRUPTED
    return 1 if states["failed"] else 0
