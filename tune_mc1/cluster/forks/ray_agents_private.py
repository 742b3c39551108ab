"""The two agents of a node of Ray as forks of a process that has imported what both import.

One serves the dashboard, which is switched off, so it has no modules. It must run all the same, as
Ray's node manager ends if one of them does.

Private names of Ray: modules of the agents.
"""

from contextlib import suppress
from importlib import import_module

from tune_mc1.cluster.forks.fork_client import BY_PIPE
from tune_mc1.cluster.forks.ray_ids_private import imported_before_forks
from tune_mc1.private_names import PrivateName


def _name(path: str, purpose: str) -> PrivateName:
    without = "an agent of Ray takes longer to start, and so does a sweep"
    return PrivateName(path, purpose, "seen in Ray 2.60", without)


WATCHER = _name(
    'ray._private.process_watcher "def create_check_raylet_task("',
    "is imported once for both agents of Ray",
)
MODULES = _name(
    'ray.dashboard.utils "def get_all_modules("',
    "leaves out what a dashboard needs",
)
MINIMAL = _name('ray.dashboard.agent "--minimal"', "same as get_all_modules")
PIPE = _name(
    f'ray.dashboard.consts "{BY_PIPE}"', "has agents end with their node that are not its children"
)
NAMES = (WATCHER, MODULES, MINIMAL, PIPE)

DASHBOARD = "dashboard_agent"
"""Ray's name of the agent that serves the dashboard."""


def arguments(agent: str = "") -> list[str]:
    """Arguments that an agent gets as a fork, beside the usual ones."""
    if agent == DASHBOARD and MODULES.usable() and MINIMAL.usable():
        return ["--minimal"]
    return []


def import_agents() -> None:
    """Imports Ray, and what both agents need of it."""
    with imported_before_forks():
        import ray  # noqa: F401

        with suppress(ImportError):
            import_module("ray._private.process_watcher")
        if arguments(DASHBOARD):
            utils = import_module("ray.dashboard.utils")
            setattr(utils, "get_all_modules", lambda _: [])  # noqa: B010 (mypy knows no such name)
