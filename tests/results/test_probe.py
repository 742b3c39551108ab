"""Whether all nodes of a cluster share the place that results go to, with real nodes that do not.

A node in a mount namespace of its own sees an empty directory where the others share one; a node
with another environment has another object store.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.running.test_shared_ray import _address
from tests.support.faults import driving, result_dir, same, write_sweep
from tests.support.object_store import ObjectStore
from tune_mc1.errors import StorageError
from tune_mc1.results.store.probe import answer, check_answer
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.scratch_dir import scratch_dir

CONTENT = b"sixteen bytes..."


def test_a_place_that_is_shared(tmp_path: Path, store: ObjectStore) -> None:
    (tmp_path / "probe").write_bytes(CONTENT)
    check_answer(tmp_path, answer(tmp_path, "probe"), CONTENT)
    assert [path.name for path in tmp_path.iterdir()] == ["probe"]
    remote = Remote("s3://sweeps/probe")
    remote.write("probe", CONTENT)
    check_answer(remote, answer(remote, "probe"), CONTENT)
    assert set(remote.files()) == {"probe"}


def test_places_that_are_not_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tune_mc1.results.store.probe.SEEN_S", 0.1)
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "probe").write_bytes(CONTENT)
    with pytest.raises(StorageError, match="does not see the file that the driver wrote there"):
        answer(there, "probe")
    there.mkdir()
    with pytest.raises(StorageError, match="does not see the file that the driver wrote there"):
        answer(there, "probe")
    (there / "probe").write_bytes(CONTENT)  # such as a copy
    reply = answer(there, "probe")
    with pytest.raises(StorageError, match="wrote a file there that the driver does not see"):
        check_answer(here, reply, CONTENT)
    (here / reply).write_bytes(b"other bytes")
    with pytest.raises(StorageError, match="reads other bytes there"):
        check_answer(here, reply, CONTENT)
    assert [path.name for path in here.iterdir()] == ["probe"]


@contextmanager
def ray_node(*words: str, before: tuple[str, ...] = (), **env: str) -> Iterator[object]:
    """A node that ends with the block, by the process that was started for it."""
    ray = str(Path(sys.executable).parent / "ray")
    node = subprocess.Popen(
        [*before, ray, "start", "--block", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | env,
    )
    try:
        yield node
    finally:
        node.terminate()
        node.wait(60)


def command(*words: str | Path, cwd: Path) -> tuple[int, str, str]:
    """Runs the command as long as it takes; returns exit status, output and errors."""
    with driving(*words, "--wandb", "disabled", cwd=cwd) as driver:
        return driver.wait(600), driver.out, driver.err


def can_unshare() -> bool:
    return subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


def nodes(address: str) -> int:
    """Nodes of the cluster that are alive."""
    code = (
        "import sys, ray; ray.init(sys.argv[1], log_to_driver=False, logging_level='ERROR');"
        "print(sum(n['Alive'] for n in ray.nodes()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, address], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.skipif(not can_unshare(), reason="needs the right to make a mount namespace (root)")
def test_a_cluster_whose_nodes_share_no_directory_but_an_object_store(
    tmp_path: Path, image_dir: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # a test needs no token of the user's
    content = {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "learning_rate": {"values": [0.01, 0.02, 0.03]},
            "epochs": {"value": 1},
        },
        "data": str(image_dir),
        "fuse": "off",
    }
    file, shared = write_sweep(tmp_path / "sweep", content), tmp_path / "shared"
    shared.mkdir()
    status, _, errors = command("sweep", "grid", file, "-o", tmp_path / "quiet", cwd=tmp_path)
    assert status == 0, errors
    hide = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(shared))
    with ExitStack() as stack:
        temp = Path(stack.enter_context(TemporaryDirectory(prefix="ray-")))
        ports = ("--port", "0", "--include-dashboard", "false", "--temp-dir", str(temp))
        head = stack.enter_context(ray_node("--head", "--num-cpus", "1", *ports))
        address = _address(temp, head)  # type: ignore[arg-type]
        more = ("--address", address, "--num-cpus", "1")
        stack.enter_context(ray_node(*more, before=hide))
        until(lambda: nodes(address) == 2)

        words = ("sweep", "grid", file, "--address", address, "-o")
        status, _, errors = command(*words, shared / "out", cwd=tmp_path)
        (line,) = errors.strip().splitlines()
        assert status == 2
        assert line.startswith(f"-o: {shared}/out: node ")
        assert line.endswith(
            "does not see the file that the driver wrote there; name a directory that all nodes "
            "share, or an object store, s3://..."
        )
        assert list(shared.iterdir()) == []

        status, out, errors = command(*words, "s3://sweeps/on/cluster", cwd=tmp_path)
        assert status == 0, errors
        root = result_dir(tmp_path / "results")
        url = f"s3://sweeps/on/cluster/{root.name}"
        same(root, result_dir(tmp_path / "quiet"))
        assert f"Checkpoint: {url}/checkpoints/t0" in out
        assert list((root / "checkpoints").iterdir()) == []
        assert not scratch_dir(Remote(url)).exists()
        assert store.names() >= {
            f"on/cluster/{root.name}/{name}"
            for name in ("trials.parquet", "predictions.parquet", "logs/t0002.log")
        }
        assert not [name for name in store.names("on/") if "probe" in name or "running" in name]

        stack.enter_context(ray_node(*more, AWS_ENDPOINT_URL="http://127.0.0.1:9"))
        until(lambda: nodes(address) == 3)
        status, _, errors = command(*words, "s3://sweeps/on/cluster", cwd=tmp_path)
        assert status == 2
        (line,) = errors.strip().splitlines()
        assert line.startswith("-o: s3://sweeps/on/cluster: node ")
        assert "Could not connect to server" in line
        assert line.endswith("endpoint and credentials, in its environment or by its role")
