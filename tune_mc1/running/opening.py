"""What a run begins with: its result directory, images and Ray, each begun as soon as it can be."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tune_mc1.caller import tell
from tune_mc1.data.images import ImageData
from tune_mc1.interruption import Interruption
from tune_mc1.planning.past import Past, read_past
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.lock import locked
from tune_mc1.results.store.remote import Remote
from tune_mc1.running.begin_loading import (
    Notify,
    begin_loading,
    loaded_images,
    needs_images,
    with_images,
)
from tune_mc1.running.image_lines import images_line
from tune_mc1.running.nothing_left import nothing_left
from tune_mc1.running.preload import fork_server
from tune_mc1.running.result_place import result_dir_of
from tune_mc1.terminal.live_view import SweepView

if TYPE_CHECKING:
    from tune_mc1.cluster.forks.ray_forks_private import ForkServer
    from tune_mc1.cluster.ray_runtime import Cluster


@dataclass(frozen=True)
class Opened:
    """What a run begins with.

    Attributes:
        plan: The plan, as its images have it.
        where: The result directory, which is locked.
        remote: Its folder in an object store; None without a store.
        past: History of the sweep.
        data: The images; None if there are none, or none are needed.
        cluster: The connection to Ray; None if nothing is left to run.
        view: Shows the progress.
    """

    plan: Plan
    where: ResultDir
    remote: Remote | None
    past: Past
    data: ImageData | None
    cluster: "Cluster | None"
    view: SweepView


def open_run(
    plan: Plan,
    parent: Path | Remote,
    address: str | None,
    console: Console,
    notify: Notify,
    interruption: Interruption,
    ending: ExitStack,
) -> Opened:
    """Opens the result directory while the images are loaded and Ray's processes import.

    Args:
        plan: The plan.
        parent: Where result directories are.
        address: A running Ray cluster; None for one of our own.
        console: Where to print.
        notify: Prints a notice.
        interruption: Ends the sweep early.
        ending: Closes what is opened.

    Raises:
        InputError: If the images cannot be used or the directory cannot be written.
    """
    forks = ending.enter_context(fork_server(plan.sweep, address))
    loading = None
    if plan.directory is None:  # else there may be nothing to run
        if forks is not None:
            forks.start()
        loading = begin_loading(plan, address, notify, interruption)
    where, remote = ending.enter_context(result_dir_of(plan, parent, interruption))
    ending.enter_context(locked(where))
    tell(directory=str(where.root))
    past = current_past(plan, where)
    view = SweepView(console, 0)
    complete = nothing_left(plan, past, where)
    if plan.directory is not None and needs_images(plan, where, complete=complete):
        loading = begin_loading(plan, address, notify, interruption)
    cluster = None if complete else _cluster(address, where, view, forks, interruption)
    data = loaded_images(loading, past, cluster)
    plan = with_images(plan, data)
    _say_begun(plan, data, where, remote, console)
    return Opened(plan, where, remote, past, data, cluster, view)


def _cluster(
    address: str | None,
    where: ResultDir,
    view: SweepView,
    forks: "ForkServer | None",
    interruption: Interruption,
) -> "Cluster":
    """The connection to Ray, which is not started yet."""
    from tune_mc1.cluster.ray_runtime import Cluster

    cluster = Cluster(address, where.root, view.say, forks)
    interruption.exit_hooks += [cluster.kill, cluster.remove_files]  # each may take its time
    return cluster


def _say_begun(
    plan: Plan, data: ImageData | None, where: ResultDir, remote: Remote | None, console: Console
) -> None:
    """Says where the results are, and on which images the trials are trained."""
    there = f", and {remote.url}" if remote else ""
    console.print(f"Results: {where.root}{there}", highlight=False, soft_wrap=True)
    if data is not None:
        line = images_line(plan, data)
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def current_past(plan: Plan, where: ResultDir) -> Past:
    """History of the sweep: that of the plan, unless another process has continued it since."""
    if plan.directory is None:
        return Past()
    return plan.past if plan.past is not None and plan.past.is_current() else read_past(where)
