"""What one trial gets of a machine, where the sweep file names nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from tune_mc1.config.sweep import Resources
from tune_mc1.errors import InputError

TRIALS_PER_GPU = 4
"""Small networks leave a GPU mostly idle; more than this many contend for its scheduler."""


@dataclass(frozen=True)
class TrialResources:
    """Resources of one trial.

    Attributes:
        cpu: Cores, possibly a fraction.
        gpu: GPUs, possibly a fraction.
    """

    cpu: float
    gpu: float

    @property
    def threads(self) -> int:
        """Threads that a trial computes with on the CPU."""
        return max(1, int(self.cpu))


def choose_resources(
    wanted: Resources | None, cluster: Mapping[str, float], wants_cpu: bool = False
) -> TrialResources:
    """Resources of each trial of a sweep.

    One thread a trial and as many trials at once as cores uses a CPU best; on a GPU several trials
    share one.

    Args:
        wanted: What the sweep file says; None chooses.
        cluster: Ray's resources, such as `{"CPU": 8.0, "GPU": 2.0}`.
        wants_cpu: Whether every trial asks for the CPU, so that no GPU is taken.

    Raises:
        InputError: If no node can ever hold such a trial.
    """
    cpus, gpus = cluster.get("CPU", 0.0), cluster.get("GPU", 0.0)
    if wanted is None:
        if not gpus or wants_cpu:
            return TrialResources(cpu=1, gpu=0)
        per_gpu = max(1, min(TRIALS_PER_GPU, int(cpus // gpus)))
        return TrialResources(cpu=1, gpu=1 / per_gpu)
    for name, need, there in (("cpu", wanted.cpu, cpus), ("gpu", wanted.gpu, gpus)):
        if need > there:
            raise InputError(
                f"resources.{name}: must be at most what Ray has ({there:g}), got {need:g}"
            )
    return TrialResources(cpu=wanted.cpu, gpu=wanted.gpu)


def slots(each: TrialResources, cluster: Mapping[str, float]) -> int:
    """How many trials run at once, at least 1."""
    by_cpu = cluster.get("CPU", 0.0) / each.cpu if each.cpu else float("inf")
    by_gpu = cluster.get("GPU", 0.0) / each.gpu if each.gpu else float("inf")
    return max(1, int(min(by_cpu, by_gpu)))
