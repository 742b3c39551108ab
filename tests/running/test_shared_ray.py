"""Sweeps on a Ray that was there before: two at once, one of them interrupted."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml

from tests.running.test_interruption import LONG
from tests.running.test_retries import content
from tests.support.faults import (
    driving,
    events,
    interrupt,
    reached,
    result_dir,
    trials,
    wait_for,
    write_sweep,
)
from tests.support.modules import LIT, write_module
from tests.support.modules import content as module_content
from tests.support.wheels import layered_environment, write_wheel

pytestmark = pytest.mark.slow


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cluster of one node, ended by the processes that were started for it."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # a test needs no token of the user's
    with one_node(sys.executable) as found:
        yield found


@contextmanager
def one_node(python: str) -> Iterator[str]:
    """A cluster of one node, whose processes have this interpreter."""
    with TemporaryDirectory(prefix="ray-") as folder:
        words = ["start", "--head", "--block", "--port", "0", "--num-cpus", "3"]
        words += ["--include-dashboard", "false", "--temp-dir", folder]
        cluster = subprocess.Popen(
            [python, "-m", "ray.scripts.scripts", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield _address(Path(folder), cluster)
            assert cluster.poll() is None, "the cluster is still there"
        finally:
            cluster.terminate()
            cluster.wait(60)


def _address(folder: Path, cluster: "subprocess.Popen[bytes]") -> str:
    for _ in range(600):
        file = folder / "ray_current_cluster"
        if file.exists() and (text := file.read_text().strip()):
            return text
        assert cluster.poll() is None
        time.sleep(0.2)
    raise AssertionError("Ray did not start")


def free_cpus(address: str) -> float:
    """Cores of the cluster that nothing has reserved, once it has had time to take them back."""
    code = (
        "import sys, time, ray; ray.init(sys.argv[1], log_to_driver=False, logging_level='ERROR');"
        "time.sleep(5); print(ray.available_resources().get('CPU', 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, address], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def test_an_interrupted_sweep_leaves_the_cluster_and_its_neighbour(
    tmp_path: Path, image_dir: Path, address: str
) -> None:
    folders = [tmp_path / "cut", tmp_path / "neighbour"]
    files = [
        write_sweep(folders[0], {**LONG, "data": str(image_dir)}),
        write_sweep(folders[1], content(image_dir)),
    ]
    words = [
        ("sweep", "grid", file, "-o", file.parent / "out", "--address", address) for file in files
    ]
    ends = ("--wandb", "disabled", "--max-concurrent", "1")
    with (
        driving(*words[0], *ends, cwd=folders[0]) as cut,
        driving(*words[1], *ends, cwd=folders[1]) as neighbour,
    ):
        wait_for(lambda: reached(folders[0] / "out", 2), cut)
        interrupt(cut)
        assert cut.wait(60) == 130
        assert not cut.left_behind()
        assert neighbour.wait(280) == 0, neighbour.err
    assert [e["state"] for e in events(result_dir(folders[1] / "out"), "end")] == ["completed"] * 2
    assert free_cpus(address) == 3


def test_a_program_runs_in_a_copy_of_its_directory(tmp_path: Path, address: str) -> None:
    user = tmp_path / "user"
    user.mkdir()
    (user / "helper.py").write_text("NUMBER = 7\n")
    (user / "train.py").write_text(
        "import os, helper, tune_mc1\n"
        "print(os.getcwd())\n"
        "tune_mc1.report({'number': helper.NUMBER})\n"
    )
    (user / "results").mkdir()
    (user / "results" / "old").write_text("left out")
    file = user / "sweep.yaml"
    file.write_text(
        "program: train.py\nmethod: grid\nmetric: {name: number}\n"
        "parameters: {a: {values: [1, 2]}}\n"
    )
    words = ("sweep", "grid", file, "-o", tmp_path / "out", "--address", address)
    with driving(*words, "--wandb", "disabled", cwd=user) as driver:
        assert driver.wait(200) == 0, driver.err
    root = result_dir(tmp_path / "out")
    assert list(trials(root)["best_number"]) == [7.0, 7.0]
    place = Path((root / "logs" / "t0001.log").read_text().strip())
    assert place != user
    assert "working_dir_files" in str(place)
    assert not (place / "results").exists()


def test_requirements_are_installed_on_the_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an environment of their own: the node's, and that of this machine, do not get them."""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    user = tmp_path / "user"
    user.mkdir()
    (user / "train.py").write_text(
        "import tune_mc1, tiny_wheel\n"
        "print(tiny_wheel.__file__)\n"
        "tune_mc1.report({'number': tiny_wheel.NUMBER})\n"
    )
    wheels = write_wheel(tmp_path / "wheels", "tiny_wheel", "1.5", "NUMBER = 7\n")
    keys = {
        "program": "train.py",
        "metric": {"name": "number"},
        "parameters": {"a": {"values": [1, 2]}},
    }
    here = ["--no-index", f"--find-links {wheels}"]
    with one_node(layered_environment(tmp_path / "node")) as cluster:
        out = ("-o", tmp_path / "out", "--wandb", "disabled")
        words = ("sweep", "grid", *out, "--address", cluster)
        file = write_sweep(user, {**keys, "requirements": ["tiny_wheel>=2", *here]})
        with driving(*words, file, cwd=user) as driver:
            assert driver.wait(300) == 2, driver.out
            assert re.search(
                "requirements: cannot be installed on node .+: No matching .* tiny_wheel>=2",
                driver.err,
            )
        assert not (tmp_path / "out").exists()
        file = write_sweep(user, {**keys, "requirements": ["tiny_wheel>=1", *here]})
        with driving(*words, file, cwd=user) as driver:
            assert driver.wait(300) == 0, driver.err
            assert "Installing tiny_wheel>=1, --no-index" in driver.err
    root = result_dir(tmp_path / "out")
    assert list(trials(root)["best_number"]) == [7.0, 7.0]
    place = Path((root / "logs" / "t0001.log").read_text().strip())
    assert not place.is_relative_to(tmp_path / "node")
    assert "site-packages" in place.parts


def test_a_module_is_imported_from_the_copy(tmp_path: Path, address: str) -> None:
    user = tmp_path / "user"
    user.mkdir()
    code = LIT.replace("import torch\n", "import torch\n\nprint(__file__)\n", 1)
    file = user / "sweep.yaml"
    keys = {"resources": {"workers": 2, "cpu": 1}}
    file.write_text(yaml.safe_dump(module_content(write_module(user, code), **keys)))
    words = ("sweep", "grid", file, "-o", tmp_path / "out", "--address", address)
    with driving(*words, "--wandb", "disabled", cwd=user) as driver:
        assert driver.wait(200) == 0, driver.err
        assert not driver.left_behind()
    root = result_dir(tmp_path / "out")
    assert list(trials(root)["state"]) == ["completed"] * 2
    assert "working_dir_files" in (root / "logs" / "t0001.log").read_text()
    assert free_cpus(address) == 3, "the other workers have ended too"
