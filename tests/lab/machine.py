"""A machine of the lab: namespaces of network, mounts, processes, IPC and names, by util-linux.

Everything of a machine ends with its first process, and all machines end with that of the client,
whose process namespace theirs are nested in; the client ends with the process that made it. So
nothing of a lab outlives a test, however the test ends.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

PROJECT = Path(__file__).parent.parent.parent
BOOT = Path(__file__).with_name("boot.sh")
HOME = Path("/root")
SSHD = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/bin")
NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--uts")
PATIENCE_S = 60.0

KEPT = sorted({str(PROJECT), sys.prefix, sys.base_prefix} - {"/usr"})
"""What a machine needs of the real one: the project, and Python with all that is installed."""


@dataclass(frozen=True)
class Place:
    """What of the real machine a machine of the lab has.

    Attributes:
        home: Becomes its home.
        user: The name to log in by, beside root.
        shared: A directory that it shares with all others, and may write to.
    """

    home: Path
    user: str
    shared: Path


class Machine:
    """One machine, from its boot until it is powered off.

    Args:
        name: Its host name.
        address: Its IPv4 address.
        place: What it has of the real machine.
        command: What its first process becomes.
        gateway: The client, which this machine is to be plugged in to; None makes the client.
    """

    def __init__(
        self,
        name: str,
        address: str,
        place: Place,
        command: Sequence[str],
        gateway: "Machine | None" = None,
    ) -> None:
        self.name, self.address = name, address
        if gateway is None:  # ends with this process, even where that is killed
            outside = ["setpriv", "--pdeathsig", "KILL"]
        else:
            outside = ["nsenter", "--target", str(gateway.pid), "--pid"]
        words = [*outside, "unshare", *NAMESPACES, "--fork", "--kill-child", "--mount-proc"]
        self.log = place.home.parent / f"{name}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*words, "bash", str(BOOT), *command],
                env=os.environ
                | {
                    "LAB_NAME": name,
                    "LAB_ADDRESS": address,
                    "LAB_GATEWAY": gateway.address if gateway is not None else "",
                    "LAB_USER": place.user,
                    "LAB_HOME": str(place.home),
                    "LAB_SHARED": str(place.shared),
                    "LAB_KEPT": "\n".join(KEPT),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid: int = self._first_process()

    def _first_process(self) -> int:
        """The process that is number 1 inside, by its number outside."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self._process.poll() is None:
            for child in psutil.Process(self._process.pid).children(recursive=True):
                if _numbers(child.pid)[-1:] == ["1"]:
                    return child.pid
            time.sleep(0.01)
        raise AssertionError(f"{self.name} does not boot: {self.log.read_text()}")

    def number_in(self, other: "Machine") -> str:
        """The number of the first process in the process namespace of a machine around it."""
        return _numbers(self.pid)[len(_numbers(other.pid)) - 1]

    @property
    def namespaces(self) -> set[str]:
        """Identities of its namespaces, such as `net:[4026532281]`."""
        folder = Path("/proc", str(self.pid), "ns")
        return {str((folder / name).readlink()) for name in ("net", "mnt", "pid", "ipc", "uts")}

    def start(
        self, command: str, log: Path | None = None, env: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Starts a shell command inside, in the project's directory.

        Args:
            command: The command.
            log: Where all that it says goes; None keeps it for `communicate`.
            env: More environment variables.
        """
        inside = ["nsenter", "--target", str(self.pid), *NAMESPACES, "env", "-i"]
        path = f"{sys.prefix}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        variables = {"HOME": str(HOME), "PATH": path, "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"}
        words = [f"{k}={v}" for k, v in (variables | dict(env or {})).items()]
        shell = ["bash", "-c", f"cd {shlex.quote(str(PROJECT))} && {command}"]
        with (log or Path(os.devnull)).open("a") as file:
            return subprocess.Popen(
                [*inside, *words, *shell],
                stdin=subprocess.DEVNULL,
                stdout=file if log else subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def run(
        self,
        command: str,
        seconds: float = PATIENCE_S,
        env: Mapping[str, str] | None = None,
        status: int = 0,
    ) -> str:
        """Runs a shell command inside, and returns all that it says.

        Args:
            command: The command.
            seconds: How long it may take.
            env: More environment variables.
            status: The exit status that it must have.
        """
        process = self.start(command, env=env)
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{self.name}: {command!r} takes over {seconds:g} s") from None
        assert process.returncode == status, f"{self.name}: {command!r} failed:\n{said}"
        return said

    def power_off(self) -> None:
        """Cuts the power: the first process is killed, and with it everything inside."""
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait(PATIENCE_S)


def _numbers(pid: int) -> list[str]:
    """The numbers of a process, from our namespace inwards; empty if it is gone."""
    try:
        text = Path("/proc", str(pid), "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return next(line.split()[1:] for line in text.splitlines() if line.startswith("NSpid:"))
