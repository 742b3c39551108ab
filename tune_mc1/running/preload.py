"""What the processes of a sweep import, so that one may import it for all of them.

Ray is imported by functions of their own, as it reads variables that are known only once it runs.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module

from tune_mc1.cluster.forks.ray_forks_private import ForkServer, usable
from tune_mc1.cluster.forks.ray_ids_private import imported_before_forks
from tune_mc1.cluster.ray_tune_private import load_tune
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep

_OF_RAY = ("requests", "jsonschema", "google.protobuf.json_format")
"""What Ray imports of other packages, which may come before it."""

_TO_SERIALIZE = ("pydantic.v1.fields", "starlette.datastructures")
"""What a process of Ray imports of other packages once it is given something."""

_TO_END = "ray.dag.compiled_dag_node"
"""What a process of Ray imports when it ends."""


def fork_server(sweep: Sweep, address: str | None) -> AbstractContextManager[ForkServer | None]:
    """The process whose forks run the trials, not started yet; None where they cannot be forks.

    Args:
        sweep: The sweep.
        address: A running cluster, which starts its own processes; None for our own Ray, or for
            one that this process has started before.
    """
    if address is not None or _ray_runs() or not usable():
        return nullcontext()
    load: tuple[Callable[[], None], Callable[[], None]] = load_training, import_training
    if isinstance(sweep, ModuleSweep):
        load = load_modules, import_modules
    elif isinstance(sweep, ProgramSweep):
        load = load_programs, import_programs
    return ForkServer(*map(path_of, load))


def _ray_runs() -> bool:
    """True if this process is connected to Ray; does not import it for that."""
    ray = sys.modules.get("ray")
    return ray is not None and ray.is_initialized()


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
    import pyarrow.parquet  # noqa: F401

    for module in (*_OF_RAY, *_TO_SERIALIZE):
        with suppress(ImportError):
            import_module(module)


@contextmanager
def _ray_before_forks() -> Iterator[None]:
    with imported_before_forks():
        load_tune()
        with suppress(ImportError):
            import_module(_TO_END)
        yield


def import_training() -> None:
    """Imports Ray and the trials of networks."""
    with _ray_before_forks():
        import tune_mc1.running.worker  # noqa: F401


def import_modules() -> None:
    """Imports Ray and the trials of a user's modules."""
    with _ray_before_forks():
        import tune_mc1.running.module_worker  # noqa: F401


def import_programs() -> None:
    """Imports Ray and the trials of a user's program."""
    with _ray_before_forks():
        import tune_mc1.running.program_worker  # noqa: F401
