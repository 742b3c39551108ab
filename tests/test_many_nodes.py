"""Sweeps on clusters of several nodes, in one process tree, with GPUs that need not exist."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster

from tests.node_cluster import gpu_cluster, telling_sweep
from tune_mc1.config.sweep import Resources
from tune_mc1.data.images import ImageData
from tune_mc1.nodes import cluster_capacity, free_nodes
from tune_mc1.resources import Node

QUARTER = Resources(cpu=1, gpu=0.25)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with gpu_cluster([(4, 2), (4, 2), (4, 1)]) as up:
        yield up


def test_the_nodes_are_known(cluster: Cluster) -> None:
    nodes = [Node(0), Node(4, 1), Node(4, 2), Node(4, 2)]
    capacity = cluster_capacity()
    assert Counter(capacity.up) == Counter(nodes)
    assert Counter(free_nodes()) == Counter(nodes)
    assert not capacity.coming


@pytest.mark.parametrize(("trials", "gpu", "most"), [(5, 1, 1), (10, 0.5, 2)])
def test_parts_of_gpus_are_spread(
    cluster: Cluster, tmp_path: Path, images: ImageData, trials: int, gpu: float, most: int
) -> None:
    told, writer = telling_sweep(
        tmp_path, images, trials, together=trials, epochs=1, resources=QUARTER
    )
    load = Counter((record["node"], *record["gpus"]) for record in told)
    assert load == dict.fromkeys(load, most), "all GPUs are equally loaded"
    assert len(load) == 5
    assert {record["gpu"] for record in told} == {gpu}
    assert {row["state"] for row in writer.tables.trials.values()} == {"completed"}


def test_fewer_at_once_have_more(cluster: Cluster, tmp_path: Path, images: ImageData) -> None:
    told, _ = telling_sweep(tmp_path, images, 4, epochs=1, resources=QUARTER, max_concurrent=2)
    assert {record["gpu"] for record in told} == {1}
