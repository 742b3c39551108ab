"""Names of Ray that are not part of its documented API."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from tune_mc1.private_names import PrivateName

if TYPE_CHECKING:
    from ray.tune.experiment import Trial as TuneTrial


def _name(path: str, purpose: str, without: str) -> PrivateName:
    return PrivateName(path, purpose, "seen in Ray 2.60", without)


FAILURE = _name(
    "ray.tune.execution.tune_controller:TuneController._process_trial_failure",
    "retries a trial whose process is lost while it takes over the trial",
    "such a trial fails for good, whatever `max_failures` says",
)
RESETTING = _name(
    "ray.tune.execution.tune_controller:TuneController._resetting_trials",
    "gives another process to a trial whose process was lost during its reset",
    "same as without TuneController._process_trial_failure",
)
CALLBACKS = _name(
    "ray.air._internal.usage:_count_callbacks",
    "keeps Tune from importing W&B and other trackers to count their callbacks",
    "a sweep starts some tenths of a second later",
)
VARIABLES = tuple(
    _name(
        f"ray.tune.execution.class_cache:{name}",
        "lets trials take the processes that Ray has started beforehand",
        "each trial of a new process waits for the start of one, and those others are never used",
    )
    for name in ("DEFAULT_ENV_VARS", "ENV_VARS_TO_PROPAGATE")
)
FREE = _name(
    "ray._private.state:state.available_resources_per_node",
    "the free resources of each node",
    "sweeps are planned as if nothing else ran on the cluster",
)
LIMITS = _name(
    "ray._private.state:state.get_cluster_config",
    "the nodes that KubeRay's autoscaler may add",
    "set TUNE_MC1_WORKERS, or trials must fit the nodes that are up",
)
NODE = _name(
    "ray._private.worker:_global_node",
    "detects dead processes of our own Ray, and kills its processes",
    "a sweep whose Ray has died hangs until Ctrl-C",
)
ACTOR = _name(
    "ray.tune.experiment.trial:_TemporaryTrialState.ray_actor",
    "kills the process of a hung trial",
    "trial_timeout has no effect",
)
ERROR_FILE = _name(
    "ray.tune.experiment:Trial.pickled_error_file",
    "the reason why a trial failed, in one line",
    "the reason is in the trial's log only",
)
GPU_VARIABLES = _name(
    'ray._private.accelerators.accelerator "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"',
    "suppresses a warning about CUDA_VISIBLE_DEVICES in each trial without a GPU",
    "the warning appears in Ray's own logs",
)
PREPARE = _name(
    "ray.autoscaler._private.util:prepare_config",
    "`cluster check` shows a cluster file with Ray's defaults",
    "`cluster check` shows the file without Ray's defaults",
)
VALIDATE = _name(
    "ray.autoscaler._private.util:validate_config",
    "`cluster check` has Ray validate a cluster file",
    "`cluster check` applies only its own rules",
)
REQUEST = _name(
    "ray.job_submission:JobSubmissionClient._do_request",
    "sets a timeout for requests to a cluster's dashboard",
    "a command waits for a hung dashboard until Ctrl-C",
)
DASHBOARD = _name(
    'ray._private.services "Failed to start the dashboard"',
    "hides the traceback of a dashboard that no sweep needs (cluster/ray_output.py)",
    "check Ray's messages without the extra ray[default]: they are gone, or worded differently",
)
SCHEMA = _name(
    'ray.autoscaler._private.util "ray-schema.json"',
    "`cluster check` validates a file for Ray's launcher against Ray's own schema",
    "`cluster check` applies only its own rules",
)
AUTOSCALER_FILE = _name(
    'ray._private.services "--autoscaling-config="',
    "the nodes that the autoscaler of Ray's launcher may add",
    "set TUNE_MC1_WORKERS, or trials must fit the nodes that are up",
)
METADATA = _name(
    'ray.dashboard.modules.reporter.reporter_head "/api/v0/cluster_metadata"',
    "the Ray and Python versions of a cluster, before a job is submitted",
    "the server is not recognised as a Ray dashboard, and no job is submitted",
)

JOBS = _name(
    "ray._private.state:jobs",
    "tells a sweep that has just ended, whose GPUs are about to be free, from one that runs",
    "a sweep right after another one may give its trials a part of a GPU each",
)

NAMES = (
    JOBS,
    *VARIABLES,
    *(FAILURE, RESETTING, CALLBACKS, FREE, LIMITS, NODE, ACTOR, ERROR_FILE, GPU_VARIABLES),
    *(PREPARE, VALIDATE, REQUEST, DASHBOARD, SCHEMA, AUTOSCALER_FILE, METADATA),
)
"""All names of Ray; a test looks for each in the version that is installed."""


def retry_lost_resets() -> None:
    """Makes Tune retry a trial whose process is lost while it takes over the trial.

    Tune (2.60) handles the loss of a process that is being reset for its next trial twice: first as
    a lost process, so that the trial is pending again, then as a failed task of the trial. The
    pending trial then fails for good, whatever `max_failures` says. On many nodes, where one is
    lost now and then, that is a matter of time.
    """
    from ray.exceptions import RayActorError
    from ray.tune.experiment import Trial

    process = FAILURE.get()
    if process is None or not RESETTING.usable() or hasattr(process, "__wrapped__"):
        return

    @wraps(process)
    def once(self: Any, trial: Trial, exception: Any) -> None:
        if isinstance(exception, RayActorError) and trial.status == Trial.PENDING:
            return  # it is pending again already
        self._resetting_trials.discard(trial)  # otherwise it would never get another process
        process(self, trial, exception)

    FAILURE.replace(once)


def count_no_callbacks() -> None:
    """Keeps Tune from importing W&B, MLflow and Comet, where installed, to count callbacks."""
    CALLBACKS.replace(lambda _: {})


def drop_variables(*, own: bool) -> Callable[[], None]:
    """Keeps Tune from giving its trials variables of their own.

    Tune gives them one that Lightning no longer reads, and copies some of the driver's. For that,
    Ray starts further processes, although it has some ready.

    Args:
        own: Whether Ray is our own, and so has the driver's variables; a cluster gets those that
            Tune copies, if the driver has any.

    Returns:
        Function that undoes it.
    """
    names = VARIABLES if own else VARIABLES[:1]
    before = [(name, name.get()) for name in names if name.usable()]
    for name, value in before:
        name.replace(type(value)())

    def undo() -> None:
        for name, value in before:
            name.replace(value)

    return undo


def free_resources() -> Mapping[str, Mapping[str, float]] | None:
    """Free resources by node id; None if Ray does not provide them."""
    ask = FREE.get()
    return None if ask is None else ask()


def other_drivers() -> bool:
    """True if another process than this one uses the cluster, or if Ray cannot tell."""
    ask = JOBS.get()
    if ask is None:
        return True
    import ray

    own = ray.get_runtime_context().get_job_id()
    return any(not job["IsDead"] and job["JobID"] != own and not _is_rays(job) for job in ask())


def _is_rays(job: Mapping[str, Any]) -> bool:
    """True for a driver of Ray's own, such as its dashboard."""
    return "/ray/dashboard/" in str(job.get("Entrypoint"))


def autoscaler_limits() -> Sequence[tuple[Mapping[str, float], int]] | None:
    """Resources of each kind of node, and its maximum number (-1: unlimited).

    Returns:
        None unless the autoscaler has published its limits.
    """
    config = LIMITS.get(lambda: None)()
    if config is None:
        return None
    return [(group.resources, group.max_count) for group in config.node_group_configs]


def dead_processes() -> Sequence[str]:
    """Names of Ray's processes on this machine that have died."""
    node = NODE.get()
    return [name for name, _ in node.dead_processes()] if node is not None else []


def kill_processes() -> None:
    """Kills Ray's processes on this machine."""
    node = NODE.get()
    if node is not None:
        node.kill_all_processes(check_alive=False, allow_graceful=False)


def actor_of(trial: "TuneTrial") -> Any:
    """The actor of one of Tune's trials; None without one."""
    return trial.temporary_state.ray_actor if ACTOR.usable() else None


def error_file_of(trial: "TuneTrial") -> str | None:
    """The file with the pickled error of one of Tune's trials; None without one."""
    return trial.pickled_error_file if ERROR_FILE.usable() else None


def launcher_config(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A cluster file with the defaults of Ray's launcher, validated by it.

    Raises:
        Exception: Any error of Ray's validation.
    """
    prepared: dict[str, Any] = PREPARE.get(dict)(dict(content))
    VALIDATE.get(lambda _: None)(prepared)
    return prepared


def job_client(base: type[Any], timeout: tuple[float, float]) -> type[Any]:
    """Ray's class of job clients, with a timeout for requests.

    Args:
        base: Ray's class.
        timeout: Seconds to connect, and to wait for the response.
    """
    if not REQUEST.usable():
        return base

    class Client(base):  # type: ignore[misc]
        def _do_request(self, *words: Any, **options: Any) -> Any:
            return super()._do_request(*words, **({"timeout": timeout} | options))

    return Client
