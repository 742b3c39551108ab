"""Ray runtime of a sweep: its own, which it shuts down, or a running cluster."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import ray

from tune_mc1.cluster.forks.ray_forks_private import ForkServer
from tune_mc1.cluster.ray_output import DASHBOARD_ERRORS
from tune_mc1.cluster.ray_private import dead_processes, drop_variables, kill_processes
from tune_mc1.cluster.ray_start_private import (
    SYSTEM_CONFIG,
    TEMP_DIR,
    hide_command_line,
    leave_signals_alone,
    seeing_the_node,
    without_helpers,
)
from tune_mc1.cluster.ray_temp import remove, temp_dir
from tune_mc1.cluster.ray_tokens_private import AUTH_MODE, set_auth_mode
from tune_mc1.cluster.ray_tune_private import load_tune
from tune_mc1.cluster.watchdog import Watchdog
from tune_mc1.errors import SweepStopped

WATCH_S = 1.0

SETTINGS = {
    # An idle process stays for a month, so that its loaded libraries serve the next task.
    "idle_worker_killing_time_threshold_ms": 30 * 24 * 3_600_000,
    # Ray's node manager looks again so soon for its object store, if that was not there yet; by
    # itself it waits a second. Both numbers give the ten seconds that Ray has.
    "raylet_client_connect_timeout_milliseconds": 20,
    "raylet_client_num_connect_attempts": 500,
}
"""Undocumented settings of our own Ray."""

QUIET_RAY = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # our own files hold the results
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # nothing is restored from Ray's own state
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # `tune_mc1.interruption` handles it
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # one missing metric would end the sweep
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",  # they are in the trials' logs
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class Cluster:
    """Connection to Ray.

    Args:
        address: A running cluster, or None to start Ray on this machine.
        root: The sweep's directory. The temporary directory of our own Ray is named after it, so
            that a resumed sweep can remove what a killed one left behind.
        say: Called with what it does, before that takes seconds.
        forks: Serves the processes of our own Ray; None for those that Ray starts itself.

    Attributes:
        at_end: Called at the end if Ray goes on, the last first: gives back what the sweep still
            holds of it.
    """

    def __init__(
        self,
        address: str | None,
        root: Path,
        say: Callable[[str], None] = lambda _: None,
        forks: ForkServer | None = None,
    ) -> None:
        self.address, self._say, self._forks = address, say, forks
        self.at_end: list[Callable[[], None]] = []
        self._temp = temp_dir(root) if address is None else None
        self._own = False
        self._undo: Callable[[], None] = lambda: None
        self._auth_mode = os.environ.get(AUTH_MODE)
        self._ended = threading.Event()
        self._children: set[Any] = set()
        self._watchdog = Watchdog()

    @property
    def folder(self) -> Path | None:
        """Directory with the files of our own Ray; None for a running cluster."""
        return self._temp

    @property
    def is_to_start(self) -> bool:
        """Whether connecting is to start a Ray of our own."""
        return self._temp is not None and not ray.is_initialized()

    def connect(self) -> None:
        """Connects to the cluster, or starts Ray; does nothing if connected.

        Raises:
            SweepStopped: If that fails.
        """
        if self._own and ray.is_initialized():
            return
        if not ray.is_initialized() and self._temp is not None:
            remove(self._temp)
            self._own = True
            self._say("Starting Ray ...")
        try:
            self._start()
        except Exception as error:
            reason = " ".join(str(error).split())
            if DASHBOARD_ERRORS.last:
                reason += f" (error of its dashboard: {DASHBOARD_ERRORS.last})"
            raise SweepStopped(f"Ray could not be started: {reason}") from error

    def _start(self) -> None:
        """Starts Ray, or connects to it.

        A busy machine may need further attempts, as Ray gives up after 30 s. The last one omits
        Ray's internal settings, as a version that does not know one of them refuses to start.
        """
        for tries_left in (2, 1, 0) if self._own else (0,):
            try:
                if self._own:
                    self._watchdog.start()
                forks = self._forks if tries_left else None
                start_ray(self.address, self._temp, tuned=tries_left > 0, forks=forks)
                break
            except Exception:  # what Ray raises if one of its processes takes too long
                if not tries_left:
                    raise
            self.shutdown()
            self._ended.clear()
        load_tune()
        if self._own or self.address is not None:
            self._undo()
            self._undo = drop_variables(own=self._own)

    def watch(self, lost: Callable[[str], None]) -> None:
        """Calls `lost`, from a thread, when a process of our own Ray has died.

        For a running cluster, Ray itself reports that.
        """
        if self._own:
            threading.Thread(target=self._watch, args=(lost,), daemon=True).start()

    def _watch(self, lost: Callable[[str], None]) -> None:
        self._track_children()
        self._ended.wait(WATCH_S)
        self._track_children()
        while not self._ended.wait(WATCH_S):
            dead = dead_processes()
            if dead and not self._ended.is_set():
                lost(f"Ray's process {dead[0]} has died, so the sweep cannot continue")
                return

    def shutdown(self) -> None:
        """Shuts down our own Ray; disconnects from a running cluster."""
        self._ended.set()
        self._undo()
        self._track_children()
        if self._own or self.address is not None:
            ray.shutdown()
            set_auth_mode(self._auth_mode)
        elif ray.is_initialized():  # it was there before
            for release in reversed(self.at_end):
                release()
        self._kill_children()
        self.remove_files()
        self._watchdog.stop()

    def kill(self) -> None:
        """Kills the processes of our own Ray; its files are left to `remove_files`."""
        self._ended.set()
        self._track_children()
        self._kill_children()
        if self._own:
            kill_processes()
        self._watchdog.stop()

    def _track_children(self) -> None:
        """Records Ray's child processes, some of which would survive if Ray were killed."""
        import psutil

        if not self._own:
            return
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                if any(str(self._temp) in part for part in child.cmdline()):
                    self._children.update((child, *child.children(recursive=True)))
        self._watchdog.tell(process.pid for process in self._children if process.is_running())

    def _kill_children(self) -> None:
        import psutil

        for process in self._children:
            with suppress(psutil.Error):
                process.kill()

    def remove_files(self) -> None:
        """Removes the files of our own Ray, once its processes have ended."""
        if self._temp is not None:
            remove(self._temp)


def start_ray(
    address: str | None,
    temp: Path | None,
    *,
    tuned: bool = True,
    environment: Mapping[str, Any] | None = None,
    forks: ForkServer | None = None,
) -> None:
    """Connects this process to Ray, with little output, unless it is connected.

    Args:
        address: A running cluster, or None to start Ray on this machine.
        temp: Directory for the files of our own Ray; None for Ray's default.
        tuned: Whether our own Ray gets undocumented settings.
        environment: Runtime environment of all that runs on a cluster; None for none, which lets
            it take processes that Ray has started beforehand.
        forks: The process whose forks our own Ray takes as its processes; None for its own.
    """
    os.environ.update(QUIET_RAY)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # the result tables say it better
    if ray.is_initialized():
        return
    hide_command_line()
    # The variables are for the driver. A runtime environment with them would cost a second per
    # process, as Ray could not use its prestarted processes.
    options: dict[str, Any] = {}
    if environment is not None:
        variables = {**QUIET_RAY, **environment.get("env_vars", {})}
        options["runtime_env"] = {**environment, "env_vars": variables}
    if address is None:
        options = {}
        DASHBOARD_ERRORS.install()
        if tuned and SYSTEM_CONFIG.usable():
            options["_system_config"] = SETTINGS
        leave_signals_alone()
    if temp is not None and TEMP_DIR.usable():
        options["_temp_dir"] = str(temp)
    # Tune prints a trace for each trial that fails; the journal and the terminal name its cause.
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    with ExitStack() as starting:
        if address is None and tuned:
            starting.enter_context(without_helpers())
            starting.enter_context(seeing_the_node())
        if forks is not None:
            starting.enter_context(forks.taken())
        ray.init(
            address=address or "local",
            include_dashboard=False if address is None else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **options,
        )
