"""A Ray cluster of one node with a dashboard that takes jobs, as outside of it one sees it."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from ray._raylet import AuthenticationTokenLoader  # type: ignore[attr-defined]

from tests.support.in_process import disconnect

TOKEN = "a1" * 32
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Head:
    """The cluster.

    Attributes:
        url: The address of its dashboard.
    """

    url: str

    @property
    def env(self) -> dict[str, str]:
        """What a user of the cluster has in the environment."""
        return {"RAY_AUTH_TOKEN": TOKEN, "PATH": f"{BIN}:{os.environ['PATH']}"}

    def ask(self, path: str, data: Any = None) -> Any:
        """Its answer to a question, or to what is sent to it."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.url}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def job(self, name: str) -> dict[str, Any]:
        """What the cluster tells of a job."""
        told: dict[str, Any] = self.ask(f"/api/jobs/{name}")
        return told

    def await_end(self, name: str, seconds: float = 200) -> dict[str, Any]:
        """The same at the end of the job."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            told = self.job(name)
            if told["status"] in {"SUCCEEDED", "FAILED", "STOPPED"}:
                return told
            time.sleep(0.5)
        raise AssertionError(f"still {told['status']}")


@pytest.fixture(scope="session")
def job_head() -> Iterator[Head]:
    """The cluster, with two cores; it knows neither this project's tree nor W&B's keys."""
    ports = _free_ports(3)
    words = ["start", "--head", "--block", "--port", "0", "--num-cpus", "2"]
    words += ["--dashboard-host", "127.0.0.1", "--dashboard-port", str(ports[0])]
    words += ["--include-dashboard", "true", "--object-store-memory", "100000000"]
    words += ["--dashboard-agent-listen-port", str(ports[1]), "--disable-usage-stats"]
    words += ["--ray-client-server-port", str(ports[2])]
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        hidden = ("PYTHONPATH", "RAY_", "WANDB_")
        env = {name: v for name, v in os.environ.items() if not name.startswith(hidden)}
        env |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "HOME": folder}
        env |= {"PATH": f"{BIN}:{env['PATH']}", "RAY_agent_register_timeout_ms": "300000"}
        with (Path(folder) / "out.txt").open("w+b") as out:
            process = subprocess.Popen(
                [str(BIN / "ray"), *words, "--temp-dir", folder],
                cwd=folder,
                env=env,
                stdout=out,
                stderr=out,
            )
            try:
                head = Head(f"http://127.0.0.1:{ports[0]}")
                _await_start(head, process)
                yield head
            finally:
                process.terminate()
                process.wait(60)


@contextmanager
def head_token() -> Iterator[None]:
    """The cluster's token in this process; Ray reads it once a process."""
    disconnect()  # its own Ray has another one
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN", TOKEN)
        patch.delenv("RAY_AUTH_MODE", raising=False)
        AuthenticationTokenLoader.instance().reset_cache()
        yield
    AuthenticationTokenLoader.instance().reset_cache()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for each in sockets:
        each.close()
    return ports


def _await_start(head: Head, process: "subprocess.Popen[bytes]") -> None:
    """Waits until the cluster takes a job: its agent is up some time after its dashboard."""
    end = time.monotonic() + 250
    while time.monotonic() < end:
        assert process.poll() is None
        with suppress(OSError, ValueError):
            head.await_end(head.ask("/api/jobs/", {"entrypoint": "true"})["submission_id"])
            return
        time.sleep(1)
    raise AssertionError("the cluster takes no jobs")


class Tunnel:
    """Passes bytes on to a server until it is cut, or falls silent.

    Args:
        url: The server.
        tls: Certificate and key, with which it speaks TLS; None for none.
    """

    def __init__(self, url: str, tls: "ssl.SSLContext | None" = None) -> None:
        self._to, self._tls = int(url.rpartition(":")[2]), tls
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._server]
        self._silent = False
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                if self._tls is not None:
                    try:
                        near = self._tls.wrap_socket(near, server_side=True)
                    except OSError:  # the client refuses the certificate
                        near.close()
                        continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._silent:
                    target.sendall(data)
            if not self._silent:
                target.shutdown(socket.SHUT_WR)

    def silence(self) -> None:
        """From now on nothing comes through, and nothing says so."""
        self._silent = True

    def cut(self) -> None:
        """Ends all connections, and takes no new one."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
