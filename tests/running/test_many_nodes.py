"""Sweeps on clusters of several nodes, in one process tree, with GPUs that need not exist."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray
from ray._common.test_utils import wait_for_condition
from ray._private.internal_api import node_stats
from ray.cluster_utils import Cluster

from tests.support.node_cluster import Record, gpu_cluster, telling_sweep
from tune_mc1.cluster.nodes import SETTLE_S, cluster_capacity, free_nodes
from tune_mc1.config.resources import Resources
from tune_mc1.data.images import ImageData
from tune_mc1.planning.resources import Node
from tune_mc1.results.writer import ResultWriter

QUARTER = Resources(cpu=1, gpu=0.25)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with gpu_cluster([(4, 2), (4, 2), (4, 1)]) as up:
        yield up


@pytest.fixture(autouse=True)
def _free(cluster: Cluster) -> None:
    """What the sweep before has reserved is given back some moments after its end."""
    wait_for_condition(lambda: Counter(free_nodes()) == Counter(cluster_capacity().up), timeout=60)


def test_the_nodes_are_known(cluster: Cluster) -> None:
    nodes = [Node(0), Node(4, 1), Node(4, 2), Node(4, 2)]
    capacity = cluster_capacity()
    assert Counter(capacity.up) == Counter(nodes)
    assert Counter(free_nodes()) == Counter(nodes)
    assert not capacity.coming


def test_what_a_sweep_that_has_just_ended_holds_is_waited_for(cluster: Cluster) -> None:
    """Else the next sweep would take the GPUs for busy, and give its trials parts of them."""
    code = (
        "import ray; ray.init(%r, log_to_driver=False); "
        "kind = ray.remote(type('Holds', (), {'here': lambda self: True})).options(num_gpus=1); "
        "held = [kind.remote() for _ in range(5)]; ray.get([h.here.remote() for h in held]); "
        "print('held', flush=True); input()"
    )
    words = [sys.executable, "-c", code % cluster.address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == "held\n"
        start = time.monotonic()
        assert sum(node.gpu for node in free_nodes()) == 0
        assert time.monotonic() - start < SETTLE_S / 2, "it runs: it is not waited for"
        other.kill()
    assert sum(node.gpu for node in free_nodes()) == 5


def check_load(told: list[Record], writer: ResultWriter, *, most: int, gpu: float) -> None:
    """All five GPUs are equally loaded."""
    load = Counter((record["node"], *record["gpus"]) for record in told)
    assert load == dict.fromkeys(load, most)
    assert len(load) == 5
    assert {record["gpu"] for record in told} == {gpu}
    assert {row["state"] for row in writer.tables.trials.values()} == {"completed"}


def test_parts_of_gpus_are_spread(cluster: Cluster, tmp_path: Path, images: ImageData) -> None:
    told, writer = telling_sweep(tmp_path, images, 5, together=5, epochs=1, resources=QUARTER)
    check_load(told, writer, most=1, gpu=1)


def test_two_sweeps_right_after_another_get_whole_gpus(
    cluster: Cluster, tmp_path: Path, images: ImageData
) -> None:
    """What the first one has reserved is not free yet when the second one plans."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        told, writer = telling_sweep(
            tmp_path / name, images, 5, together=5, epochs=1, resources=QUARTER
        )
        check_load(told, writer, most=1, gpu=1)


def test_fewer_at_once_have_more(cluster: Cluster, tmp_path: Path, images: ImageData) -> None:
    told, _ = telling_sweep(tmp_path, images, 4, epochs=1, resources=QUARTER, max_concurrent=2)
    assert {record["gpu"] for record in told} == {1}


def made_in_store() -> dict[str, int]:
    """Bytes that the object store of each node has ever taken in."""
    return {
        node["NodeID"]: node_stats(  # type: ignore[no-untyped-call]
            node["NodeManagerAddress"], node["NodeManagerPort"], include_memory_info=False
        ).store_stats.cumulative_created_bytes
        for node in ray.nodes()  # type: ignore[no-untyped-call]
    }


def test_twice_as_many_share_gpus_and_the_images_come_to_each_node_once(
    cluster: Cluster, tmp_path: Path, images: ImageData
) -> None:
    size = 30_000_000
    many = np.resize(images.train_images, (size // images.train_images[0].size, 32, 32, 3))
    labels = np.resize(images.train_labels, len(many))
    data = replace(images, train_images=many, train_labels=labels)
    before = made_in_store()
    told, writer = telling_sweep(tmp_path, data, 10, together=10, epochs=1, resources=QUARTER)
    check_load(told, writer, most=2, gpu=0.5)
    trials = Counter(record["node"] for record in told)
    taken = {node: made - before[node] for node, made in made_in_store().items()}
    assert sorted(trials.values()) == [2, 4, 4]
    for node in trials:
        assert size <= taken[node] < 1.5 * size, "once a node, not once a trial"
