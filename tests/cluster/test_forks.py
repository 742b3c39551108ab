"""Processes of our own Ray as forks of one that has imported the libraries."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray

from tests.support.in_process import disconnect
from tests.support.processes import of_descendants
from tune_mc1.cluster.forks import fork_client
from tune_mc1.cluster.forks.fork_client import CONTEXT, IF_FORKED, _worker
from tune_mc1.cluster.forks.ray_forks_private import ForkServer, usable
from tune_mc1.cluster.forks.ray_ids_private import imported_before_forks
from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.running.preload import import_programs, load_programs, path_of

pytestmark = pytest.mark.skipif(not usable(), reason="forks need Linux without a GPU")

SERVER = "tune_mc1.cluster.forks.fork_server"
NOTHING = ("gc:collect", "gc:collect")
"""Functions that import nothing."""

WORKER = "/ray/default_worker.py"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Our own Ray, whose processes are forks, until a test ends their server."""
    disconnect()
    with ForkServer(path_of(load_programs), path_of(import_programs)) as forks:
        made = Cluster(None, tmp_path_factory.mktemp("forks"), forks=forks)
        made.connect()
        yield made
        made.shutdown()


def state() -> tuple[int, bool, int, str | None]:
    """Of this process: id, whether it is a fork, a random number, a variable."""
    import numpy

    forked = "tune_mc1.running.program_worker" in sys.modules
    return os.getpid(), forked, int(numpy.random.randint(1 << 30)), os.environ.get("OF_TEST")


def drawn() -> tuple[str, str, str]:
    """Of this process: an id of Ray, one of another thread, and its job."""
    with ThreadPoolExecutor() as pool:
        there = pool.submit(ray.NodeID.from_random).result()
    job = ray.get_runtime_context().get_job_id()
    return ray.NodeID.from_random().hex(), there.hex(), str(job)


def open_files() -> tuple[int, str | None]:
    """What Ray has read as it was imported, and the variable that it reads."""
    from ray._private import ray_constants

    number = ray_constants.LOG_MONITOR_MAX_OPEN_FILES
    return int(number), os.environ.get("RAY_LOG_MONITOR_MAX_OPEN_FILES")


def test_processes_have_the_libraries_and_are_separate(cluster: Cluster) -> None:
    ask: Any = ray.remote(num_cpus=0.1)(state)
    environment = {"env_vars": {"OF_TEST": "one"}}
    first, other = ray.get([ask.remote(), ask.options(runtime_env=environment).remote()])
    assert (first[1], other[1]) == (True, True)
    assert first[0] != other[0]
    assert first[2] != other[2]
    assert (first[3], other[3]) == (None, "one")


def test_the_agents_of_the_node_are_forks(cluster: Cluster) -> None:
    """That of the dashboard, which is off, has none of its modules."""
    everything = of_descendants(psutil.Process.cmdline)
    agents = {words[0].strip(): child for child, words in everything.items() if words}
    for title in ("ray::DashboardAgent", "ray::RuntimeEnvAgent"):
        parent = agents[title].parent()
        assert parent is not None
        assert SERVER in parent.cmdline()
    assert cluster.folder is not None
    log = cluster.folder / "session_latest" / "logs" / "dashboard_agent.log"
    assert "Loaded 0 modules" in log.read_text()


@pytest.mark.parametrize("name", [None, "nobody-listens"])
def test_without_a_server_an_agent_starts_as_usual(tmp_path: Path, name: str | None) -> None:
    assert started_as_agent(tmp_path, name, by_pipe="1") == "['--head']\n"


def test_an_agent_that_looks_for_its_parent_starts_as_usual(cluster: Cluster) -> None:
    """It would end, as the parent of a fork is not Ray's node manager."""
    lines = of_descendants(psutil.Process.cmdline).values()
    server = next(words for words in lines if SERVER in words and len(words) > 3)
    assert cluster.folder is not None
    assert started_as_agent(cluster.folder, server[3], by_pipe="0") == "['--head']\n"


def started_as_agent(folder: Path, name: str | None, by_pipe: str) -> str:
    """What a program says that Ray starts as an agent, if it starts as usual."""
    program = folder / "agent.py"
    program.write_text("import sys; print(sys.argv[1:])")
    words = [sys.executable, fork_client.__file__, "--minimal", IF_FORKED, str(program), "--head"]
    env = {k: v for k, v in os.environ.items() if k != fork_client.SOCKET}
    env |= {fork_client.BY_PIPE: by_pipe} | ({fork_client.SOCKET: name} if name else {})
    return subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout


def test_processes_draw_other_ids_and_have_the_job(cluster: Cluster) -> None:
    """One that Ray has started ahead, and ones that it starts for the job."""
    ask: Any = ray.remote(num_cpus=0.1)(drawn)
    environments = [{"env_vars": {"OF_TEST": str(number)}} for number in range(3)]
    asked = [ask.remote(), *(ask.options(runtime_env=one).remote() for one in environments)]
    found = ray.get(asked)
    ids = [id_ for *both, _ in found for id_ in both]
    assert len(set(ids)) == len(ids) == 8
    assert {job for *_, job in found} == {ray.get_runtime_context().get_job_id()}


def test_ray_is_imported_with_the_variables_of_the_process(cluster: Cluster) -> None:
    ask: Any = ray.remote(num_cpus=0.1)(open_files)
    environment = {"env_vars": {"RAY_LOG_MONITOR_MAX_OPEN_FILES": "77"}}
    usual, other = ray.get([ask.remote(), ask.options(runtime_env=environment).remote()])
    assert usual[0] != 77
    assert usual[1] is None
    assert other == (77, "77")


def test_an_import_that_draws_ids_is_not_used_for_forks() -> None:
    ray.NodeID.from_random()
    with pytest.raises(RuntimeError, match="has drawn an id"), imported_before_forks():
        pass


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
    name = f"of-test-{os.getpid()}"
    words = [sys.executable, "-m", SERVER, name, *NOTHING]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        client = [sys.executable, fork_client.__file__, str(tmp_path / "default_worker.py")]
        env = os.environ | {fork_client.SOCKET: name}
        asked = [subprocess.Popen(client, env=env, stdout=subprocess.PIPE) for _ in range(80)]
        assert [one.communicate(timeout=60)[0] for one in asked] == [b"ran\n"] * 80
        assert server.poll() is None
    assert server.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gets_no_process(tmp_path: Path) -> None:
    (tmp_path / "default_worker.py").write_text("print('forked')")
    name = f"of-another-{os.getpid()}"
    words = [sys.executable, "-m", SERVER, name, *NOTHING]
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


@pytest.mark.parametrize("kinds", [("training", "modules"), ("programs",)], ids="+".join)
def test_what_is_imported_before_a_fork_starts_nothing(kinds: tuple[str, ...]) -> None:
    """Ray would have read the variables of the server; threads would be missing in the forks."""
    code = f"""
import os, sys, threading
from tune_mc1.running import preload
for kind in {kinds}:
    getattr(preload, "load_" + kind)()
before = len(os.listdir("/proc/self/task"))
print("ray" in sys.modules)
for kind in {kinds}:
    getattr(preload, "import_" + kind)()
print(threading.active_count(), len(os.listdir("/proc/self/task")) <= before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1", "True"]


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
    request: Any = _worker(WORKER, words)
    assert (request is not None) == forked
    if request is not None:
        assert request["words"] == [WORKER, "--worker-id=w"]
        assert request["environment"].get("A") in (None, "b")
