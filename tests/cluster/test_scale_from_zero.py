"""Sweeps on clusters that have no GPU, and no core, until a sweep wants them."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
import ray
import yaml

from tests.support.autoscaling import cluster_file, scaling_cluster
from tests.support.faults import driving, result_dir, wait_for, write_sweep
from tests.support.in_process import disconnect
from tune_mc1.cluster.nodes import UNLIMITED, capacity_of_config, cluster_capacity
from tune_mc1.errors import InputError
from tune_mc1.planning.resources import WORKERS, Capacity, Node, TrialResources, max_concurrent

HEAD, TWO, ONE = Node(0), Node(4, 2), Node(8, 1)
KINDS = {"two": (4, 2, 2), "one": (8, 1, 1)}


def test_a_cluster_file_says_what_may_come() -> None:
    config = cluster_file("", KINDS)
    assert capacity_of_config(config) == Capacity((), ((TWO, 2), (ONE, 1)), 3)
    up = (HEAD, TWO)
    assert capacity_of_config(config, up) == Capacity(up, ((TWO, 1), (ONE, 1)), 2)
    full = (HEAD, TWO, TWO, ONE)
    assert capacity_of_config(config, full) == Capacity(full, ((TWO, 0), (ONE, 0)), 0)


def test_all_nodes_together_have_a_limit() -> None:
    config = cluster_file("", KINDS) | {"max_workers": 2}
    each = TrialResources(cpu=1, gpu=0.5)
    assert max_concurrent(each, capacity_of_config(config, (HEAD,))) == 2 * 4
    assert (
        max_concurrent(each, capacity_of_config(config | {"max_workers": 9}, (HEAD,))) == 2 * 4 + 2
    )


def test_on_kubernetes_the_head_is_told_what_may_come(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = Path(__file__).parents[2] / "clusters" / "kuberay.yaml"
    job = next(iter(yaml.safe_load_all(manifest.read_text())))
    (head,) = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]["containers"]
    told = {variable["name"]: variable["value"] for variable in head["env"]}
    monkeypatch.setenv(WORKERS, told[WORKERS])
    disconnect()
    address = ray.init(
        "local", num_cpus=0, include_dashboard=False, logging_level=logging.ERROR
    )  # not one of a test that runs beside this one
    assert address
    try:
        assert cluster_capacity() == Capacity((HEAD,), ((Node(4, 1), 4),), UNLIMITED)
        monkeypatch.setenv(WORKERS, '[{"cpu": "many"}]')
        with pytest.raises(InputError, match=f"^{WORKERS}: must be JSON as .*, got '.*many"):
            cluster_capacity()
    finally:
        ray.shutdown()


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "learning_rate": {"values": [0.01, 0.03, 0.05, 0.1]},
            "epochs": {"value": 2},
            "device": {"value": "cpu"},  # the GPUs need not exist
        },
        "data": str(image_dir),
        "fuse": "off",
        "resources": {"cpu": 1, "gpu": 0.5},
        **keys,
    }


@pytest.fixture(params=[1, 2])
def address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with (
        TemporaryDirectory(prefix="ray-") as folder,
        scaling_cluster(Path(folder), {"two": (2, 2, 2)}, request.param) as at,
    ):
        yield at


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_sweep_starts_from_nothing_and_what_no_node_will_have_is_refused(
    tmp_path: Path, image_dir: Path, address: str
) -> None:
    disconnect()
    ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        empty = cluster_capacity()
        assert empty == Capacity((HEAD,), ((Node(2, 2), 2),), 2)
        ends = ("--address", address, "--wandb", "disabled")
        wide = write_sweep(tmp_path / "wide", content(image_dir, resources={"cpu": 3, "gpu": 1}))
        words = ("sweep", "grid", wide, "-o", tmp_path / "none", *ends)
        with driving(*words, cwd=tmp_path / "wide") as driver:
            assert driver.wait() == 2
            rule = "must be at most what one node has, or one that may come (2), got 3"
            assert driver.err.strip().endswith(f"resources.cpu: {rule}")
        assert not (tmp_path / "none").exists()

        file = write_sweep(tmp_path / "fits", content(image_dir))
        words = ("sweep", "grid", file, "-o", tmp_path / "out", *ends)
        with driving(*words, cwd=tmp_path / "fits") as driver:
            wait_for(lambda: cluster_capacity().up.count(Node(2, 2)) == 2, driver, 600)
            assert driver.wait(900) == 0, driver.err
    finally:
        ray.shutdown()
    table = pd.read_parquet(result_dir(tmp_path / "out") / "trials.parquet")
    assert list(table["state"]) == ["completed"] * 4
    assert table["attempts"].eq(1).all()
    assert table["test_acc"].count() == 1, "the winner was scored on a node, not on the head"
