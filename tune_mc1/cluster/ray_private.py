"""Names of Ray that its documentation does not promise."""

from collections.abc import Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from tune_mc1.private_names import PrivateName

if TYPE_CHECKING:
    from ray.tune.experiment import Trial as TuneTrial


def _name(path: str, purpose: str, without: str) -> PrivateName:
    return PrivateName(path, purpose, "seen in Ray 2.60", without)


FAILURE = _name(
    "ray.tune.execution.tune_controller:TuneController._process_trial_failure",
    "a trial whose process is lost as it takes the trial over is tried again",
    "such a trial fails for good, whatever `max_failures` says",
)
RESETTING = _name(
    "ray.tune.execution.tune_controller:TuneController._resetting_trials",
    "a trial whose process was lost as it was reset is given another one",
    "as without TuneController._process_trial_failure",
)
ENTRYPOINT = _name(
    "ray._private.utils:get_entrypoint_name",
    "keeps the command line from Ray, which logs it",
    "Ray logs the command line, and fails where it is not UTF-8",
)
SIGTERM = _name(
    "ray._private.utils:set_sigterm_handler",
    "leaves SIGTERM to tune_mc1.interruption",
    "SIGTERM while Ray starts ends the sweep without its last words in the journal",
)
FREE = _name(
    "ray._private.state:state.available_resources_per_node",
    "what nothing has reserved of each node",
    "sweeps plan as if nothing else ran on the cluster",
)
LIMITS = _name(
    "ray._private.state:state.get_cluster_config",
    "the nodes that KubeRay's autoscaler may add",
    "set TUNE_MC1_WORKERS, or trials must fit the nodes that are up",
)
NODE = _name(
    "ray._private.worker:_global_node",
    "the processes of a Ray of our own: whether one has died, and their end by force",
    "a sweep whose Ray has died hangs until Ctrl-C",
)
ACTOR = _name(
    "ray.tune.experiment.trial:_TemporaryTrialState.ray_actor",
    "ends the process of a trial that hangs",
    "trial_timeout has no effect",
)
ERROR_FILE = _name(
    "ray.tune.experiment:Trial.pickled_error_file",
    "why a trial failed, in one line",
    "the reason stands in the trial's log only",
)
TEMP_DIR = _name(
    'ray._private.worker "_temp_dir"',
    "a Ray of our own keeps its files where a resumed sweep finds them",
    "what a killed sweep has left behind is not found when it is resumed",
)
SYSTEM_CONFIG = _name(
    'ray._private.worker "_system_config"',
    "settings of a Ray of our own",
    "processes that are idle for a second end, so that the winner's test waits for a new one",
)
IDLE_TIME = _name(
    'ray._raylet "idle_worker_killing_time_threshold_ms"',
    "processes that have loaded PyTorch wait for the next task",
    "as without _system_config",
)
GPU_VARIABLES = _name(
    'ray._private.accelerators.accelerator "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"',
    "keeps Ray from a warning about CUDA_VISIBLE_DEVICES in each trial without a GPU",
    "the warning stands in Ray's own logs",
)
PREPARE = _name(
    "ray.autoscaler._private.util:prepare_config",
    "`cluster check` shows a cluster file with Ray's defaults",
    "`cluster check` shows what the file says, without Ray's defaults",
)
VALIDATE = _name(
    "ray.autoscaler._private.util:validate_config",
    "`cluster check` asks Ray whether it takes a cluster file",
    "`cluster check` finds what its own rules find",
)
REQUEST = _name(
    "ray.job_submission:JobSubmissionClient._do_request",
    "no request to a cluster's dashboard waits for ever",
    "a dashboard that has hung keeps the command waiting; Ctrl-C ends it",
)
DASHBOARD = _name(
    'ray._private.services "Failed to start the dashboard"',
    "holds back a traceback of a dashboard that no sweep needs (cluster/ray_output.py)",
    "nothing to hold back, or in other words: see what Ray says without the extra ray[default]",
)
SCHEMA = _name(
    'ray.autoscaler._private.util "ray-schema.json"',
    "`cluster check` checks a file for Ray's launcher against Ray's own schema",
    "`cluster check` finds what its own rules find",
)
AUTOSCALER_FILE = _name(
    'ray._private.services "--autoscaling-config="',
    "the nodes that the autoscaler of Ray's launcher may add",
    "set TUNE_MC1_WORKERS, or trials must fit the nodes that are up",
)
METADATA = _name(
    'ray.dashboard.modules.reporter.reporter_head "/api/v0/cluster_metadata"',
    "the versions of Ray and Python of a cluster that is to take a job",
    "its dashboard counts as none of Ray's, and no job is sent",
)

NAMES = (
    *(FAILURE, RESETTING, ENTRYPOINT, SIGTERM, FREE, LIMITS, NODE, ACTOR, ERROR_FILE, TEMP_DIR),
    *(SYSTEM_CONFIG, IDLE_TIME, GPU_VARIABLES, PREPARE, VALIDATE, REQUEST),
    *(DASHBOARD, SCHEMA, AUTOSCALER_FILE, METADATA),
)
"""All names of Ray; a test looks for each in the version that is installed."""


def retry_lost_resets() -> None:
    """Makes Tune try a trial again whose process is lost just as it takes the trial over.

    Tune (2.60) handles the loss of a process that is being reset for its next trial twice: first as
    a process that was lost, so that the trial waits again, then as a task of the trial that failed.
    A trial that waits has failed for good then, whatever `max_failures` says. On many nodes, one of
    which goes away, that is a matter of time.
    """
    from ray.exceptions import RayActorError
    from ray.tune.experiment import Trial

    process = FAILURE.get()
    if process is None or not RESETTING.usable() or hasattr(process, "__wrapped__"):
        return

    @wraps(process)
    def once(self: Any, trial: Trial, exception: Any) -> None:
        if isinstance(exception, RayActorError) and trial.status == Trial.PENDING:
            return  # it waits already
        self._resetting_trials.discard(trial)  # else it would never get another process
        process(self, trial, exception)

    FAILURE.replace(once)


def hide_command_line() -> None:
    """Keeps the command line from Ray, which logs it and fails where it is no UTF-8."""
    ENTRYPOINT.replace(lambda: "tune_mc1")


def leave_signals_alone() -> None:
    """Keeps Ray from handling SIGTERM in this process: `tune_mc1.interruption` does.

    Ray would exit at once, in the middle of its own start.
    """
    SIGTERM.replace(lambda _: None)


def free_resources() -> Mapping[str, Mapping[str, float]] | None:
    """What nothing has reserved of each node, by the node's id; None where Ray does not say."""
    ask = FREE.get()
    return None if ask is None else ask()


def autoscaler_limits() -> Sequence[tuple[Mapping[str, float], int]] | None:
    """Resources of each kind of node, and how many the autoscaler may have (-1: any number).

    Returns:
        None unless the autoscaler has told the cluster.
    """
    told = LIMITS.get(lambda: None)()
    if told is None:
        return None
    return [(group.resources, group.max_count) for group in told.node_group_configs]


def dead_processes() -> Sequence[str]:
    """Names of those of Ray's processes on this machine that have died."""
    node = NODE.get()
    return [name for name, _ in node.dead_processes()] if node is not None else []


def kill_processes() -> None:
    """Ends Ray's processes on this machine by force."""
    node = NODE.get()
    if node is not None:
        node.kill_all_processes(check_alive=False, allow_graceful=False)


def actor_of(trial: "TuneTrial") -> Any:
    """The actor in which a trial of Tune's runs; None without one."""
    return trial.temporary_state.ray_actor if ACTOR.usable() else None


def error_file_of(trial: "TuneTrial") -> str | None:
    """The file with the pickled error of a trial of Tune's; None without one."""
    return trial.pickled_error_file if ERROR_FILE.usable() else None


def launcher_config(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A cluster file with the defaults of Ray's launcher, after its own checks.

    Raises:
        Exception: Whatever Ray's checks raise.
    """
    prepared: dict[str, Any] = PREPARE.get(dict)(dict(content))
    VALIDATE.get(lambda _: None)(prepared)
    return prepared


def job_client(base: type[Any], timeout: tuple[float, float]) -> type[Any]:
    """Ray's class of clients for jobs, with requests that do not wait for ever.

    Args:
        base: Ray's class.
        timeout: Seconds to connect, and to wait for an answer.
    """
    if not REQUEST.usable():
        return base

    class Client(base):  # type: ignore[misc]
        def _do_request(self, *words: Any, **options: Any) -> Any:
            return super()._do_request(*words, **({"timeout": timeout} | options))

    return Client
