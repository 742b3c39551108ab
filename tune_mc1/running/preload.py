"""What the processes of a sweep import, so that one may import it for all of them.

Ray is not among it: when it is loaded, it reads variables that differ between its processes.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from tune_mc1.cluster.forks.ray_forks_private import ForkServer, usable
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep


def fork_server(sweep: Sweep, address: str | None) -> AbstractContextManager[ForkServer | None]:
    """The process whose forks run the trials, not started yet; None where they cannot be forks.

    Args:
        sweep: The sweep.
        address: A running cluster, which starts its own processes; None for our own Ray.
    """
    if address is not None or not usable():
        return nullcontext()
    load: Callable[[], None] = load_training
    if isinstance(sweep, ProgramSweep):
        load = load_modules if isinstance(sweep, ModuleSweep) else load_programs
    return ForkServer(path_of(load))


def path_of(load: Callable[[], None]) -> str:
    """Path (`module:function`) of a function of this file."""
    return f"{load.__module__}:{load.__name__}"


def load_training() -> None:
    """Imports what trials of networks import."""
    from tune_mc1.training.lightning_private import load_lightning

    load_lightning()
    import tune_mc1.training.run_trials  # noqa: F401

    load_programs()


def load_modules() -> None:
    """Imports what trials of a user's modules import, but those."""
    from tune_mc1.training.lightning_private import load_lightning

    load_lightning(whole=True)
    import tune_mc1.modules.fit  # noqa: F401

    load_programs()


def load_programs() -> None:
    """Imports what every trial imports, and what one imports that starts a user's program."""
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
