"""Which programs of a sweep start before Ray does, and how its processes find them."""

import os
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice, takewhile
from pathlib import Path

from tune_mc1.cluster.forks.ray_forks_private import has_gpu
from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.programs.command import activated
from tune_mc1.programs.early import EarlyPrograms
from tune_mc1.programs.run_program import begin_program
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.own_context import OwnContext
from tune_mc1.running.program_worker import ProgramContext, attempt_at
from tune_mc1.running.sweep_run import SweepRun

MOST = 1000
"""Programs that may start before Ray does; it starts in seconds."""

_QUOTA = "/sys/fs/cgroup/cpu.max"


class EarlyStart:
    """Programs of the first trials, that run while Ray starts.

    They are those of trials that are planned, were never started, and need nothing that Ray
    assigns. Where reports may stop trials or end the sweep, there is one for each place only.

    Args:
        run: The sweep.
        cluster: Its Ray, which may not have been started.
    """

    def __init__(self, run: SweepRun, cluster: Cluster) -> None:
        self._folder = cluster.folder
        self._programs: EarlyPrograms | None = None
        context = run.program
        if not isinstance(context, ProgramContext) or not _may_begin(run, cluster):
            return
        resources = run.sweep.resources
        each = resources.cpu if resources is not None else 1.0
        most = int(available_cores() / each) if each else run.max_concurrent or 1
        places = min(most, run.max_concurrent or most)
        trials = [trial for trial in run.left if isinstance(trial, ProgramTrial)]
        fresh = takewhile(partial(_is_fresh, context.root), trials)
        told = replace(context, cpus=each)
        variables = dict(activated())  # before Ray's own are among them
        starts = {
            trial.id: partial(begin_program, replace(attempt_at(trial, told), variables=variables))
            for trial in islice(fresh, places if _may_end_early(run) else MOST)
        }
        if places and starts:
            self._programs = EarlyPrograms(starts, places)

    @property
    def began(self) -> dict[str, float]:
        """When each was started, by trial."""
        return self._programs.began if self._programs is not None else {}

    def told(self, context: OwnContext) -> OwnContext:
        """The settings of the trials, which take the programs over from now on."""
        if self._programs is None or not isinstance(context, ProgramContext):
            return context
        address = self._programs.serve(self._folder) if self._folder is not None else ""
        return replace(context, early=address)

    def close(self) -> None:
        """Ends those that no trial has taken over."""
        if self._programs is not None:
            self._programs.close()


def available_cores() -> float:
    """CPU cores that this process may use, also in a container."""
    cores = float(os.cpu_count() or 1)
    with suppress(AttributeError):  # not on macOS
        cores = min(cores, len(os.sched_getaffinity(0)))
    with suppress(OSError, ValueError):  # "max" is no number
        quota, period = Path(_QUOTA).read_text().split()
        cores = min(cores, float(quota) / float(period))
    return cores


def _may_begin(run: SweepRun, cluster: Cluster) -> bool:
    resources = run.sweep.resources
    needs_gpu = resources.gpu > 0 if resources is not None else has_gpu()
    planned = run.sweep.adapter is None and not run.past.waiting
    return planned and not needs_gpu and run.remote is None and cluster.is_to_start


def _may_end_early(run: SweepRun) -> bool:
    sweep = run.sweep
    limits = (sweep.early_terminate, sweep.budget, sweep.metric.target)
    return any(limit is not None for limit in limits)


def _is_fresh(root: Path, trial: ProgramTrial) -> bool:
    """True if no attempt at a trial has left anything."""
    where = ResultDir(root)
    return not any(path(trial.id).exists() for path in (where.program_files, where.log))
