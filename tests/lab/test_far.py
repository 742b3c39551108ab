"""Nodes far from the driver, and one that is cut off for half a minute."""

import time
from collections.abc import Iterator

import pytest

from tests.lab.onprem import Place, onprem
from tests.lab.sweeping import same
from tests.support.faults import history, trials

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(1200)]

CPUS = {4: 0, 5: 1, 6: 1}
"""The head, where the driver is, takes no trials."""

HALF_ROUND_TRIP_S = 0.05
CUT_OFF_S = 30.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    content = {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "learning_rate": {"values": [0.01, 0.03]},
            "seed": {"values": [1, 2]},
            "epochs": {"value": 100},  # so that trials outlast the cut
        },
        "resources": {"cpu": 1},
        "fuse": "off",
    }
    folders = (tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("lab"))
    with onprem(*folders, content, CPUS, far=[4]) as here:
        here.up()
        yield here


def test_a_node_cut_off_for_30_s_costs_its_trial_an_epoch_at_most(place: Place) -> None:
    near = place.sweep("near", at_head=True)
    assert near.wait() == 0, near.log.read_text()

    place.lab.distance(place.head, HALF_ROUND_TRIP_S)
    sweep = place.sweep("cut", at_head=True)
    sweep.wait_for(lambda: sweep.on("host6"))
    (hit,) = sweep.on("host6")
    place.lab.unplug(place.lab.hosts["host6"])
    cut = time.time()
    sweep.wait_for(lambda: time.time() > cut + CUT_OFF_S)
    place.lab.plug_in(place.lab.hosts["host6"])
    assert sweep.wait() == 0, sweep.log.read_text()

    retries = sweep.events("retry")
    assert {e["trial"] for e in retries} == {hit}, "and no trial of the other node"
    assert [e["time"] - cut < CUT_OFF_S for e in retries] == [True]
    assert max(sweep.epochs_run_again().values()) <= 1
    assert trials(sweep.root)["state"].eq("completed").all()
    rows = history(sweep.root)
    assert not rows.duplicated(["trial", "epoch"]).any()
    same(sweep.root, near.root)
    place.wait_for_nodes(*place.names)  # it is back
