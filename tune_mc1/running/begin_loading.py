"""The images of a run: whether it needs them, and their loading, before Ray starts or beside."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tune_mc1.config.model_names import is_outside
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.data.images import ImageData
from tune_mc1.interruption import Interruption
from tune_mc1.planning.past import Past
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.loading import Loading, check_same_images
from tune_mc1.running.record import differs_from_file

if TYPE_CHECKING:
    from tune_mc1.cluster.ray_runtime import Cluster

Notify = Callable[[str], None]


def needs_images(plan: Plan, where: ResultDir, *, complete: bool) -> bool:
    """True if a resumed sweep has trials to run, or its file, which names them, is written anew."""
    new = bool(plan.growth.changes) or "data" in plan.flags.values
    return not complete or new or differs_from_file(plan.sweep, None, where)


def begin_loading(
    plan: Plan, address: str | None, notify: Notify, interruption: Interruption
) -> Loading | None:
    """Begins to load the images; None for a program, which has none."""
    if isinstance(plan.sweep, ProgramSweep):
        return None
    before_ray = bool(address) or any(map(is_outside, plan.sweep.models))
    return Loading(plan, notify, interruption, before_ray=before_ray)


def loaded_images(
    loading: Loading | None, past: Past, cluster: "Cluster | None"
) -> ImageData | None:
    """The images; if they cannot be used, Ray is shut down, which starts unless it is None.

    A program has none, and is not loading any.
    """
    if loading is None:
        return None
    try:
        data = loading.get_while_starting(cluster)
        check_same_images(past, data)
    except BaseException:
        if cluster is not None:
            with suppress(Exception):  # the first error matters more
                cluster.shutdown()
        raise
    return data


def with_images(plan: Plan, data: ImageData | None) -> Plan:
    """The plan whose sweep says which images validate, now that they are known."""
    if data is None:
        return plan
    return replace(plan, sweep=plan.sweep.with_images(data.val_labels is not None))
