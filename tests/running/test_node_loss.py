"""Nodes that go away in the middle of a sweep: without a word, or after a notice."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray import _raylet
from ray.cluster_utils import Cluster
from ray.core.generated import autoscaler_pb2

from tests.benchmarks.many_nodes import EPOCHS, WHOLE_GPU, NodeLoss, busy_gpus, overlaps, recoveries
from tests.support.node_cluster import gpu_cluster, telling_sweep
from tune_mc1.data.images import ImageData
from tune_mc1.results.journal import read_events

NODES = 3
GPUS = 2


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    with gpu_cluster([(GPUS, GPUS)] * NODES) as up:
        yield up


@pytest.fixture
def cluster(nodes: Cluster) -> Cluster:
    while len(nodes.worker_nodes) < NODES:  # a test before has lost one
        nodes.add_node(num_cpus=GPUS, num_gpus=GPUS)
    return nodes


def test_a_node_that_is_lost_costs_its_trials_an_epoch_at_most(
    cluster: Cluster, tmp_path: Path, images: ImageData
) -> None:
    with NodeLoss(cluster, tmp_path, after=8) as loss:
        told, writer = telling_sweep(
            tmp_path,
            images,
            16,
            together=NODES * GPUS,
            seconds=0.3,
            epochs=EPOCHS,
            resources=WHOLE_GPU,
        )
    assert loss.node
    assert {row["state"] for row in writer.tables.trials.values()} == {"completed"}
    assert overlaps(told) == 0
    assert len(busy_gpus(told)) == NODES * GPUS
    _, again = recoveries(told, loss)
    assert sum(again) == 0, "no epoch that was reported runs again"
    assert len(told) == 16 * EPOCHS


class Preemption(NodeLoss):
    """Takes a node away as a cloud does: with a notice, and seconds later for good."""

    def remove(self) -> None:
        notice = autoscaler_pb2.DrainNodeReason.Value(  # type: ignore[attr-defined]
            "DRAIN_NODE_REASON_PREEMPTION"
        )
        deadline = int((time.time() + 3) * 1000)
        client = _raylet.GcsClient(address=self.cluster.address)  # type: ignore[attr-defined]
        accepted, why = client.drain_node(self.node, notice, "taken back", deadline)
        assert accepted, why
        time.sleep(3)
        super().remove()


@pytest.mark.parametrize("loss", [Preemption, NodeLoss])
def test_a_notice_makes_a_loss_that_does_not_count(
    cluster: Cluster, tmp_path: Path, images: ImageData, loss: type[NodeLoss]
) -> None:
    trials = NODES * GPUS
    with loss(cluster, tmp_path, after=trials) as lost:
        told, writer = telling_sweep(
            tmp_path,
            images,
            trials,
            together=trials,
            seconds=2,
            epochs=EPOCHS,
            resources=WHOLE_GPU,
            max_failures=0,
        )
    states = Counter(row["state"] for row in writer.tables.trials.values())
    retries = [e for e, _ in read_events(writer.where.journal) if e["event"] == "retry"]
    if loss is NodeLoss:
        assert states == {"completed": trials - GPUS, "failed": GPUS}
        assert not retries
        return
    assert states == {"completed": trials}
    assert len(retries) == GPUS
    assert len(told) == trials * EPOCHS, "they went on from their last epoch"
    moved = {r["trial"]: r["node"] for r in told}  # in order of time: where each ended
    assert lost.node not in moved.values()
