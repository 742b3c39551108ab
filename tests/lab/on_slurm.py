"""Sweeps as jobs of the lab's Slurm, by `clusters/slurm.sh`, with two nodes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import write_images
from tests.lab import pausing
from tests.lab.hosts import Lab
from tests.lab.machine import PROJECT
from tests.lab.slurm import Slurm
from tests.lab.sweeping import Alone, same
from tests.support.faults import events, write_sweep

PAUSE_S = "0.3"
"""In each epoch of a job's trials, so that they outlast what happens to the job."""


@dataclass
class Place:
    """The lab with its Slurm.

    Attributes:
        lab: The lab.
        slurm: Its Slurm.
        images: What trials are trained on.
        path: PYTHONPATH of jobs.
    """

    lab: Lab
    slurm: Slurm
    images: Path
    path: str

    def content(self, epochs: int) -> dict[str, Any]:
        """A sweep whose trials need a part of a GPU each, which need not exist."""
        return {
            "method": "grid",
            "parameters": {
                "model": {"value": pausing.MODEL},
                "learning_rate": {"values": [0.01, 0.03, 0.05, 0.1]},
                "epochs": {"value": epochs},
                "device": {"value": "cpu"},
            },
            "data": str(self.images),
            "limit_images": 0.3,
            "fuse": "off",
            "resources": {"cpu": 1, "gpu": 0.5},
        }

    def folder(self, name: str) -> Path:
        """A new directory that all machines share."""
        folder = self.lab.shared / name
        folder.mkdir()
        return folder

    def submit(self, folder: Path, content: dict[str, Any], words: str = "", **given: str) -> str:
        """Submits a sweep; returns the job's number.

        Args:
            folder: Where.
            content: Of its file.
            words: More arguments.
            given: `options` of sbatch.
        """
        write_sweep(folder, content)
        variables = {"PYTHONPATH": self.path, pausing.SECONDS: PAUSE_S}
        words = f"grid sweep.yaml --wandb disabled {words}"
        return self.slurm.submit(folder, words, variables, **given)

    def begin(self, name: str, epochs: int, **given: str) -> tuple[Path, str]:
        """Submits a sweep in a directory of its own, and waits until it has run some epochs.

        Returns:
            The directory, and the job's number.
        """
        folder = self.folder(name)
        job = self.submit(folder, self.content(epochs), **given)
        self.slurm.wait(job, 200, "RUNNING")
        end = time.monotonic() + 300
        while len(epochs_of(folder, job)) < SOME:
            assert time.monotonic() < end, self.slurm.output(job)
            time.sleep(0.5)
        return folder, job

    def was_cut_off(self, folder: Path, job: str, epochs: int) -> None:
        """Checks that a job's sweep that had begun was cut off in the middle."""
        before = len(epochs_of(folder, job))
        assert SOME <= before < 4 * epochs, "in the middle"

    def goes_on(self, folder: Path, job: str, epochs: int) -> None:
        """Waits until a job that was requeued has run again, with the numbers of one that was not.

        A sweep on the client has those.
        """
        self.slurm.wait(job, 300, "RUNNING")
        assert self.slurm.state(job)["Restarts"] == "1"
        state = self.slurm.wait(job, 400)
        assert state["JobState"] == "COMPLETED", self.slurm.output(job)
        self.leaves_nothing()
        same(sweep_of(folder, job), self.alone(folder, "alone", self.content(epochs)))

    def alone(self, folder: Path, name: str, content: dict[str, Any]) -> Path:
        """Results of the same sweep on the client, which has no GPU."""
        quiet = folder / name
        quiet.mkdir()
        content = {key: value for key, value in content.items() if key != "resources"}
        return Alone(self.lab.client, quiet, content, {"PYTHONPATH": self.path}).results

    def leaves_nothing(self) -> None:
        """Checks that no process of any Ray runs on the hosts, and none of its files are left."""
        for host in self.lab.hosts.values():
            lines = host.run("ps -eo args").splitlines()
            assert not [line for line in lines if "ray" in line.lower()]
            assert "ray-" not in host.run("ls /tmp"), "the job may go on on other nodes"


SOME = 8
"""Epochs after which a sweep is in the middle."""


def sweep_of(folder: Path, job: str) -> Path:
    """The result directory of a job's sweep."""
    (journal,) = (folder / "results" / f"slurm-{job}").glob("*/journal.jsonl")
    return journal.parent


def epochs_of(folder: Path, job: str) -> list[dict[str, Any]]:
    """What a job's sweep has reported, also while there is no sweep."""
    found = (folder / "results" / f"slurm-{job}").glob("*/journal.jsonl")
    return [event for journal in found for event in events(journal.parent, "epoch")]


@contextmanager
def on_slurm(shared: Path, folder: Path) -> Iterator[Place]:
    """Boots two hosts with Slurm.

    Args:
        shared: An empty directory that all machines are to share.
        folder: An empty directory for the lab.
    """
    write_images(shared / "images")
    plugin = pausing.install(shared / "plugin")
    lab = Lab(folder, "me", shared)
    try:
        hosts = [lab.boot(number) for number in (4, 5)]
        slurm = Slurm(lab, hosts, cpus=2)
        yield Place(lab, slurm, shared / "images", f"{PROJECT}:{plugin}")
    finally:
        lab.close()
