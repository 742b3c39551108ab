"""`ray up clusters/gpu.yaml` in a lab where moto stands for AWS: up for a sweep, and down to zero.

The results are in its S3; the machines share the images, and nothing that they write.

The tests are one story, in order: what a cluster went through is what the next test finds.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_images
from tests.lab.ec2 import BUCKET, KEY_NAME, Ec2, environment, profile
from tests.lab.hosts import KEY, Lab
from tests.lab.launcher import Config, Launcher, cluster_file, without_pip
from tests.lab.sweeping import Sweep, alone, same, within
from tests.support.faults import trials

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(1800)]

SPOT = "gpu_1_spot"
WORKERS = 2
IDLE_MINUTES = 0.5


@dataclass
class Place:
    """The lab, its cloud, and the cluster file as it is used there."""

    lab: Lab
    ec2: Ec2
    cluster: Launcher
    shared: Path
    content: dict[str, Any]


def in_the_lab(config: Config, subnet: str) -> Config:
    """The cluster file without Docker and pip, with key and subnet of the lab; short of patience.

    Its image is Amazon's, which is not asked for, as nothing boots from it here.
    """
    left_out = ("docker", "initialization_commands")
    kinds = {
        name: {
            **kind,
            "max_workers": min(kind.get("max_workers", 0), WORKERS),
            "node_config": {
                **kind["node_config"],
                "ImageId": "ami-0123456789abcdef0",
                "KeyName": KEY_NAME,
                "SubnetIds": [subnet],
            },
        }
        for name, kind in config["available_node_types"].items()
    }
    return {
        **{key: value for key, value in config.items() if key not in left_out},
        "provider": config["provider"] | {"use_internal_ips": True},
        "auth": config["auth"] | {"ssh_private_key": str(KEY)},
        "available_node_types": kinds,
        "setup_commands": without_pip(config.get("setup_commands", [])),
        "max_workers": WORKERS,
        "idle_timeout_minutes": IDLE_MINUTES,
    }


def profiles(config: Config) -> set[str]:
    """Instance profiles that must be there before, by `clusters/aws/access.yaml`."""
    configs = (kind["node_config"] for kind in config["available_node_types"].values())
    return {c["IamInstanceProfile"]["Name"] for c in configs if "IamInstanceProfile" in c}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    shared = tmp_path_factory.mktemp("shared")
    write_images(shared / "images")
    content = {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "learning_rate": {"values": [0.01, 0.03]},
            "batch_size": {"values": [32, 64]},
            "epochs": {"value": 40},
        },
        "data": str(shared / "images"),
        "fuse": "off",
    }
    config = cluster_file("gpu.yaml")
    region = config["provider"]["region"]
    lab = Lab(
        tmp_path_factory.mktemp("lab"),
        config["auth"]["ssh_user"],
        shared,
        profile(environment(region)),
    )
    try:
        ec2 = Ec2(lab, region, f"{region}a", sorted(profiles(config)))
        cluster = Launcher(lab, in_the_lab(config, ec2.subnet), ec2.env)
        yield Place(lab, ec2, cluster, shared, content)
    finally:
        lab.close()


@pytest.fixture(scope="module")
def quiet(place: Place) -> Path:
    """The results of the same sweep on one machine."""
    return alone(place.lab.client, place.shared / "alone", place.content)


def test_ray_up_starts_the_head_alone(place: Place, quiet: Path) -> None:
    place.cluster.up(400)
    assert [i["node"] for i in place.ec2.running().values()] == ["head"]


def test_workers_come_for_a_sweep_and_a_spot_machine_is_replaced(place: Place, quiet: Path) -> None:
    folder = place.shared / "sweep"
    content = {**place.content, "resources": {"cpu": 1, "gpu": 1}}
    (head,) = place.ec2.running("head").values()
    home = place.lab.folder / f"host{head['address'].rpartition('.')[2]}-home"
    store = f"s3://{BUCKET}/sweeps"
    sweep = Sweep(place.cluster, folder, content, store, home / "tune_mc1" / "results")
    sweep.wait_for(lambda: len(sweep.nodes()) == WORKERS, 400)
    spot = place.ec2.running(SPOT)
    assert len(spot) == WORKERS
    assert all(i["spot"] and i["type"] == "g5.xlarge" for i in spot.values())

    hosts = {f"host{i['address'].rpartition('.')[2]}": name for name, i in spot.items()}
    sweep.wait_for(lambda: any(map(sweep.on, hosts)))
    host = next(filter(sweep.on, hosts))
    hit = sweep.on(host)
    place.ec2.take_back(hosts[host])
    lost = time.time()
    sweep.wait_for(lambda: hit <= {e["trial"] for e in sweep.events("retry")}, 120)
    sweep.wait_for(lambda: place.ec2.running(SPOT).keys() - spot.keys(), 200)

    assert sweep.wait(600) == 0, sweep.log.read_text()
    assert sweep.nodes(since=lost)
    assert max(sweep.epochs_run_again().values()) <= 1
    assert trials(sweep.root)["state"].eq("completed").all()
    fetch = f"python -m tune_mc1 fetch {store}/{sweep.root.name}"
    place.lab.client.run(f"cd {folder} && {fetch}", env=place.ec2.env)
    same(folder / "results" / sweep.root.name, quiet)


def test_workers_that_idle_are_ended(place: Place) -> None:
    within(240, lambda: [i["node"] for i in place.ec2.running().values()] == ["head"])


def test_ray_down_ends_every_machine(place: Place) -> None:
    place.cluster.down(240)
    within(30, lambda: not place.ec2.running())
    assert {i["state"] for i in place.ec2.instances.values()} <= {"terminated", "shutting-down"}
