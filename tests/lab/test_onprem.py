"""`ray up clusters/onprem.yaml` on three hosts of the lab, and what may befall them in a sweep.

The tests are one story, in order: what a cluster went through is what the next test finds.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import pausing
from tests.lab.machine import PROJECT, Machine
from tests.lab.onprem import CPUS, Place, onprem
from tests.lab.sweeping import Alone, namespaces_in_use, same, within
from tests.support.faults import trials

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

NOTICED_S = 60.0
"""Until a node that is gone must have been noticed; seen: 2 s for a power cut, 9 s for a cable."""

ENV = {
    pausing.SECONDS: "0.4",  # in each epoch, so that trials outlast what happens to hosts
    "AUTOSCALER_UPDATE_INTERVAL_S": "1",  # the launcher looks after hosts; 5 by default
    "RAY_gcs_rpc_server_reconnect_timeout_s": "15",  # of a lost head; 60 by default
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    content = {
        "method": "grid",
        "parameters": {
            "model": {"value": pausing.MODEL},
            "learning_rate": {"values": [0.01, 0.03]},
            "batch_size": {"values": [32, 64]},
            "epochs": {"value": 60},
        },
        "limit_images": 0.3,
        "resources": {"cpu": 1},
        "fuse": "off",
    }
    folders = (tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("lab"))
    with onprem(*folders, content, env=ENV) as here:
        yield here


@pytest.fixture(scope="module")
def quiet(place: Place) -> Alone:
    """The same sweep on one machine."""
    env = {"PYTHONPATH": f"{PROJECT}:{place.plugin}"}
    return Alone(place.lab.client, place.shared / "alone", place.content, env)


def test_ray_up_starts_all_hosts(place: Place, quiet: Alone) -> None:
    place.up()
    nodes = place.cluster.nodes(place.head)
    assert [nodes[f"host{number}"]["CPU"] for number in CPUS] == list(CPUS.values())
    place.wait_for_status("^ 3 local.cluster.node$")  # it lags behind


def test_a_node_is_refused_without_the_token(place: Place) -> None:
    said = place.lab.client.run(
        "rm -rf ~/none; mkdir ~/none; HOME=~/none RAY_AUTH_MODE=disabled python -c "
        f"\"import ray; ray.init('{place.head.address}:6379')\"",
        status=1,
    )
    assert "InvalidAuthToken" in said


def test_hosts_lost_by_power_and_by_cable_cost_an_epoch_at_most(place: Place, quiet: Alone) -> None:
    hosts = place.lab.hosts
    sweep = place.sweep("faults")
    sweep.wait_for(lambda: sweep.nodes() == set(hosts))

    sweep.wait_for(lambda: sweep.on("host6"))
    hit = sweep.on("host6")
    hosts["host6"].power_off()
    sweep.wait_for(lambda: hit <= {e["trial"] for e in sweep.events("retry")}, NOTICED_S)
    off = time.time()
    place.boot(6)

    sweep.wait_for(lambda: sweep.on("host5"))
    hit = sweep.on("host5")
    place.lab.unplug(hosts["host5"])
    cut = time.time()
    sweep.wait_for(
        lambda: hit <= {e["trial"] for e in sweep.events("retry") if e["time"] > cut}, NOTICED_S
    )
    place.lab.plug_in(hosts["host5"])

    assert sweep.wait() == 0, sweep.log.read_text()
    assert "host4" in sweep.nodes(since=off), "trials went on elsewhere"
    assert max(sweep.epochs_run_again().values()) <= 1
    assert trials(sweep.root)["state"].eq("completed").all()
    same(sweep.root, quiet.results)
    place.wait_for_nodes("host4", "host5", "host6")  # both are back


def test_the_head_dies_and_the_sweep_goes_on_on_a_new_cluster(place: Place, quiet: Alone) -> None:
    sweep = place.sweep("resumed")
    sweep.wait_for(lambda: sweep.nodes() == set(place.lab.hosts))
    place.head.power_off()
    place.boot(4)  # at once, as the launcher's connection ends when the host answers again
    assert sweep.wait() != 0
    before = len(sweep.events("epoch"))

    place.up()
    again = place.sweep("resumed")
    assert again.wait() == 0, again.log.read_text()
    assert len(again.events("epoch")) > before
    assert max(again.epochs_run_again().values()) <= 1
    same(again.root, quiet.results)


def test_ray_down_stops_the_head_and_the_others_follow(place: Place) -> None:
    place.cluster.down()

    def left(host: Machine) -> str:
        return place.cluster.ssh(host, "ps -eo comm= | grep -E 'raylet|gcs_server' || true")

    assert not left(place.head)
    for host in place.lab.hosts.values():
        within(120, lambda host=host: not left(host))  # type: ignore[misc]


def test_nothing_of_the_lab_is_left(place: Place) -> None:
    machines = [place.lab.client, *place.lab.hosts.values()]
    spaces = {space for machine in machines for space in machine.namespaces}
    place.lab.close()
    within(10, lambda: not spaces & namespaces_in_use())
    assert str(place.lab.folder) not in Path("/proc/self/mounts").read_text()
