"""`sbatch clusters/slurm.sh` on a real Slurm with two nodes.

Sweeps on both, arrays, the GPUs that Slurm gives, the time limit, and preemption.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_images
from tests.lab.hosts import Lab
from tests.lab.slurm import Slurm, missing
from tests.lab.sweeping import alone, same
from tests.support.faults import events, trials, write_sweep

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


EPOCHS = 250
"""Of each trial that meets the limit: Slurm looks at limits twice a minute only."""

TELLS_ITS_GPU = """
import os
import socket
import time
from pathlib import Path
import tune_mc1
seen = Path("SEEN")
Path(seen, socket.gethostname()).touch()
end = time.monotonic() + 100
while len(list(seen.iterdir())) < 2 and time.monotonic() < end:
    time.sleep(0.2)
tune_mc1.report({"gpu": int(os.environ["CUDA_VISIBLE_DEVICES"])})
"""


@dataclass
class Place:
    """The lab with its Slurm."""

    lab: Lab
    slurm: Slurm
    images: Path

    def content(self, epochs: int) -> dict[str, Any]:
        """A sweep whose trials need a part of a GPU each, which need not exist."""
        return {
            "method": "grid",
            "parameters": {
                "model": {"value": "CNN_simple"},
                "learning_rate": {"values": [0.01, 0.03, 0.05, 0.1]},
                "epochs": {"value": epochs},
                "device": {"value": "cpu"},
            },
            "data": str(self.images),
            "fuse": "off",
            "resources": {"cpu": 1, "gpu": 0.5},
        }

    def wait_for_epochs(self, folder: Path, job: str, count: int) -> None:
        """Waits until a job's sweep has reported so many epochs."""
        self.slurm.wait(job, 200, "RUNNING")
        end = time.monotonic() + 300
        while len(epochs_of(folder, job)) < count:
            assert time.monotonic() < end, self.slurm.output(job)
            time.sleep(0.5)

    def processes_of_ray(self) -> list[str]:
        """Processes of any Ray that run on the hosts."""
        found = [host.run("ps -eo args") for host in self.lab.hosts.values()]
        return [line for text in found for line in text.splitlines() if "ray" in line.lower()]


def sweep_of(folder: Path, job: str) -> Path:
    """The result directory of a job's sweep."""
    (journal,) = (folder / "results" / f"slurm-{job}").glob("*/journal.jsonl")
    return journal.parent


def epochs_of(folder: Path, job: str) -> list[dict[str, Any]]:
    """What a job's sweep has reported, also while there is no sweep."""
    found = (folder / "results" / f"slurm-{job}").glob("*/journal.jsonl")
    return [event for journal in found for event in events(journal.parent, "epoch")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if (reason := missing()) is not None:
        required = os.environ.get("TUNE_MC1_CLUSTER") == "required"
        (pytest.fail if required else pytest.skip)(reason)
    shared = tmp_path_factory.mktemp("shared")
    write_images(shared / "images")
    lab = Lab(tmp_path_factory.mktemp("lab"), "me", shared)
    try:
        hosts = [lab.boot(number) for number in (4, 5)]
        yield Place(lab, Slurm(lab, hosts, cpus=2), shared / "images")
    finally:
        lab.close()


def test_a_sweep_uses_both_nodes_and_leaves_nothing(place: Place) -> None:
    folder = place.lab.shared / "both"
    folder.mkdir()
    write_sweep(folder, place.content(epochs=3))
    begun = time.monotonic()
    job = place.slurm.submit(folder, "grid sweep.yaml --wandb disabled")
    state = place.slurm.wait(job, 300)
    assert state["JobState"] == "COMPLETED", place.slurm.output(job)
    root = sweep_of(folder, job)
    table = trials(root)
    assert list(table["state"]) == ["completed"] * 4
    assert {e["node"] for e in events(root, "epoch")} == {"host4", "host5"}
    assert {e["resources"]["gpu"] for e in events(root, "start") if "resources" in e} <= {0.5, 1.0}
    assert place.processes_of_ray() == []
    for host in place.lab.hosts.values():
        assert "ray-" not in host.run("ls /tmp"), "the job may go on on other nodes"
    assert not (root.parent / "ray_token").exists()
    print(f"{time.monotonic() - begun:.0f} s")


@pytest.mark.slow
def test_each_task_of_an_array_is_a_sweep_of_its_own(place: Place) -> None:
    """Both may be on one node at the same time."""
    folder = place.lab.shared / "array"
    folder.mkdir()
    content = place.content(epochs=2)
    content["parameters"]["learning_rate"] = {"values": [0.01, 0.03]}
    write_sweep(folder, content)
    words = "grid sweep.yaml --set seed=%a --wandb disabled"
    array = place.slurm.submit(folder, words, options="--array=3-4 --nodes=1")
    ends = {}
    for task in (3, 4):
        ends[task] = place.slurm.wait(f"{array}_{task}", 200)
        assert ends[task]["JobState"] == "COMPLETED", place.slurm.output(ends[task]["JobId"])
        assert ends[task]["NumNodes"] == "1"
    roots = {task: sweep_of(folder, job) for task, job in place.slurm.tasks(array).items()}
    assert roots.keys() == {3, 4}
    del content["resources"]  # the client has no GPU
    for task, root in roots.items():
        quiet = folder / f"alone{task}"
        quiet.mkdir()
        content["parameters"]["seed"] = {"value": task}
        same(root, alone(place.lab.client, quiet, content))
    assert place.processes_of_ray() == []
    said = place.lab.client.run(
        f"cd {folder} && python -m tune_mc1 report results/slurm-*/*/ -o both"
    )
    assert (folder / "both" / "report.html").exists(), said


def test_trials_have_the_gpu_that_slurm_gave(place: Place) -> None:
    """Which is another one on each node, as another job has the first one of one node."""
    folder = place.lab.shared / "gpus"
    folder.mkdir()
    (folder / "seen").mkdir()
    (folder / "tell.py").write_text(TELLS_ITS_GPU.replace("SEEN", str(folder / "seen")))
    content = {
        "program": "tell.py",
        "method": "grid",
        "metric": {"name": "gpu", "goal": "maximize"},
        "parameters": {"x": {"values": [1, 2]}},
        "resources": {"cpu": 1, "gpu": 1},
    }
    write_sweep(folder, content)
    other = place.slurm.sbatch(
        folder, "--nodelist=host4 --gpus-per-node=1 --wrap='echo $CUDA_VISIBLE_DEVICES; sleep 300'"
    )
    place.slurm.wait(other, 60, "RUNNING")
    job = place.slurm.submit(folder, "grid sweep.yaml --wandb disabled")
    state = place.slurm.wait(job, 200)
    assert state["JobState"] == "COMPLETED", place.slurm.output(job)
    place.slurm.cancel(other)
    assert (folder / f"slurm-{other}.out").read_text().startswith("0\n")
    seen = {(e["node"], e["metrics"]["gpu"]) for e in events(sweep_of(folder, job), "epoch")}
    assert seen == {("host4", 1), ("host5", 0)}


@pytest.mark.slow
def test_a_sweep_that_meets_the_time_limit_is_requeued_and_goes_on(place: Place) -> None:
    folder = place.lab.shared / "limit"
    folder.mkdir()
    content = place.content(EPOCHS)
    write_sweep(folder, content)
    job = place.slurm.submit(
        folder, "grid sweep.yaml --wandb disabled", options="--time=30 --signal=B:USR1@60"
    )
    place.wait_for_epochs(folder, job, 8)
    place.slurm.end_soon(job)
    place.slurm.wait(job, 250, "PENDING", "REQUEUED")
    place.slurm.limit(job, 30)
    root = sweep_of(folder, job)
    before = len(events(root, "epoch"))
    assert 8 <= before < 4 * EPOCHS, "in the middle"
    assert "The time limit is near" in place.slurm.output(job)
    place.slurm.wait(job, 300, "RUNNING")
    assert place.slurm.state(job)["Restarts"] == "1"
    state = place.slurm.wait(job, 400)
    assert state["JobState"] == "COMPLETED", place.slurm.output(job)
    assert place.processes_of_ray() == []
    quiet = folder / "alone"
    quiet.mkdir()
    del content["resources"]  # the client has no GPU
    same(root, alone(place.lab.client, quiet, content))


@pytest.mark.slow
def test_a_sweep_that_is_preempted_is_requeued_and_goes_on(place: Place) -> None:
    folder = place.lab.shared / "preempted"
    folder.mkdir()
    content = place.content(epochs=100)
    write_sweep(folder, content)
    job = place.slurm.submit(folder, "grid sweep.yaml --wandb disabled")
    place.wait_for_epochs(folder, job, 8)
    urgent = place.slurm.sbatch(folder, "--partition=urgent --nodes=2 --exclusive --wrap='sleep 5'")
    place.slurm.wait(urgent, 90)
    root = sweep_of(folder, job)
    before = len(events(root, "epoch"))
    assert 8 <= before < 400, "in the middle"
    assert place.processes_of_ray() == []
    for host in place.lab.hosts.values():
        assert "ray-" not in host.run("ls /tmp"), "the job may go on on other nodes"
    place.slurm.wait(job, 300, "RUNNING")
    assert place.slurm.state(job)["Restarts"] == "1"
    state = place.slurm.wait(job, 400)
    assert state["JobState"] == "COMPLETED", place.slurm.output(job)
    assert place.processes_of_ray() == []
    quiet = folder / "alone"
    quiet.mkdir()
    del content["resources"]  # the client has no GPU
    same(root, alone(place.lab.client, quiet, content))
