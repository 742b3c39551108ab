"""`sbatch clusters/slurm.sh` on a real Slurm with two nodes: sweeps on both, and the time limit."""

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
        yield Place(lab, Slurm(lab, hosts, cpus=1), shared / "images")
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
        assert "ray-" not in host.run("ls /tmp"), "its temporary directory is gone"
    assert not (root.parent / "ray_token").exists()
    print(f"{time.monotonic() - begun:.0f} s")


@pytest.mark.slow
def test_a_sweep_that_meets_the_time_limit_is_requeued_and_goes_on(place: Place) -> None:
    folder = place.lab.shared / "limit"
    folder.mkdir()
    content = place.content(EPOCHS)
    write_sweep(folder, content)
    job = place.slurm.submit(
        folder, "grid sweep.yaml --wandb disabled", options="--time=30 --signal=B:USR1@60"
    )
    place.slurm.wait(job, 200, "RUNNING")
    end = time.monotonic() + 300
    while len(epochs_of(folder, job)) < 8:
        assert time.monotonic() < end, place.slurm.output(job)
        time.sleep(0.5)
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
