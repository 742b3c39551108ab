"""Processes of our own Ray as forks of one that has imported the libraries."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray

from tests.support.in_process import disconnect
from tune_mc1.cluster.forks import fork_client
from tune_mc1.cluster.forks.fork_client import CONTEXT, _request
from tune_mc1.cluster.forks.ray_forks_private import ForkServer, usable
from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.running.preload import load_modules, load_programs, load_training, path_of

pytestmark = pytest.mark.skipif(not usable(), reason="forks need Linux without a GPU")

WORKER = "/ray/default_worker.py"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Our own Ray, whose processes are forks."""
    disconnect()
    with ForkServer(path_of(load_programs)) as forks:
        made = Cluster(None, tmp_path, forks=forks)
        made.connect()
        yield made
        made.shutdown()


def state() -> tuple[int, bool, int, str | None]:
    """Of this process: id, whether libraries came before Ray, a random number, a variable."""
    import numpy

    loaded = list(sys.modules)
    before = "pandas" in loaded and loaded.index("pandas") < loaded.index("ray")
    return os.getpid(), before, int(numpy.random.randint(1 << 30)), os.environ.get("OF_TEST")


def test_processes_have_the_libraries_and_are_separate(cluster: Cluster) -> None:
    ask: Any = ray.remote(num_cpus=0.1)(state)
    environment = {"env_vars": {"OF_TEST": "one"}}
    first, other = ray.get([ask.remote(), ask.options(runtime_env=environment).remote()])
    assert (first[1], other[1]) == (True, True)
    assert first[0] != other[0]
    assert first[2] != other[2]
    assert (first[3], other[3]) == (None, "one")


def test_a_process_that_has_ended_leaves_no_zombie(cluster: Cluster) -> None:
    ask: Any = ray.remote(num_cpus=0.1)(state)
    (pid, *_) = ray.get(ask.remote())
    fork = psutil.Process(pid)
    server = fork.parent()
    assert server is not None
    assert "fork_server" in " ".join(server.cmdline())
    fork.kill()
    fork.wait(20)
    assert ray.get(ask.remote())[1], "the next one is a fork, too"


def test_without_the_server_ray_starts_its_own_processes(cluster: Cluster) -> None:
    ask: Any = ray.remote(num_cpus=0.1)(state)
    server = psutil.Process(ray.get(ask.remote())[0]).parent()
    assert server is not None
    forks = server.children()
    server.kill()
    server.wait(20)
    for fork in forks:
        fork.send_signal(signal.SIGKILL)
    assert ray.get(ask.options(max_retries=5).remote(), timeout=60)[1] is False


def test_many_short_processes_at_once_leave_the_server_serving(tmp_path: Path) -> None:
    """They end together, and while others are asked for."""
    code = f"import time; time.sleep(max(0, {time.time() + 3} - time.time())); print('ran')"
    (tmp_path / "default_worker.py").write_text(code)
    load = ("tune_mc1.cluster.forks.fork_server", f"of-test-{os.getpid()}", "gc:collect")
    words = [sys.executable, "-m", *load]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        client = [sys.executable, fork_client.__file__, str(tmp_path / "default_worker.py")]
        env = os.environ | {fork_client.SOCKET: load[1]}
        asked = [subprocess.Popen(client, env=env, stdout=subprocess.PIPE) for _ in range(80)]
        assert [one.communicate(timeout=60)[0] for one in asked] == [b"ran\n"] * 80
        assert server.poll() is None
    assert server.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gets_no_process(tmp_path: Path) -> None:
    (tmp_path / "default_worker.py").write_text("print('forked')")
    name = f"of-another-{os.getpid()}"
    words = [sys.executable, "-m", "tune_mc1.cluster.forks.fork_server", name, "gc:collect"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        code = (
            "import os, sys; from tune_mc1.cluster.forks import fork_client; "
            "os.seteuid(int(sys.argv.pop(1))); os.execv = lambda *_: print('its own'); "
            "fork_client.main()"
        )
        env = os.environ | {fork_client.SOCKET: name}
        asked = {
            user: subprocess.run(
                [sys.executable, "-c", code, str(user), str(tmp_path / "default_worker.py")],
                env=env,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            ).stdout
            for user in (65534, 0)
        }
        assert asked == {65534: "its own\n", 0: "forked\n"}


@pytest.mark.parametrize("load", [load_training, load_modules, load_programs])
def test_what_is_imported_before_a_fork_starts_nothing(load: Any) -> None:
    """Ray would have read the variables of the server; threads would be missing in the forks."""
    code = (
        "import sys, threading; from tune_mc1.running import preload; "
        f"preload.{load.__name__}(); print('ray' in sys.modules, threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1"]


@pytest.mark.parametrize(
    ("context", "forked"),
    [
        ("{}", True),
        ('{"env_vars": {"A": "b"}, "command_prefix": [], "py_executable": null}', True),
        ('{"py_executable": "/env/bin/python"}', False),
        ('{"command_prefix": ["conda", "activate"]}', False),
    ],
)
def test_an_environment_of_more_than_variables_is_left_to_ray(context: str, forked: bool) -> None:
    words = [CONTEXT + context, "--language=PYTHON", WORKER, "--worker-id=w"]
    request = _request(WORKER, words)
    assert (request is not None) == forked
    if request is not None:
        assert request["words"] == [WORKER, "--worker-id=w"]
        assert request["environment"].get("A") in (None, "b")
