"""The cluster files pass Ray's own checks, KubeRay's and ours, and keep to what they promise."""

import json
import re
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from ray.autoscaler._private.util import prepare_config, validate_config
from typer.testing import CliRunner

from tune_mc1.cli.app import commands
from tune_mc1.cluster.files.check import check_cluster
from tune_mc1.cluster.files.cluster_file import read_cluster
from tune_mc1.cluster.files.versions import Versions

CLUSTERS = Path(__file__).parents[2] / "clusters"
FILES = sorted(path.name for path in CLUSTERS.glob("*.yaml"))
LAUNCHED = [name for name in FILES if name != "kuberay.yaml"]
CLOUDS = [name for name in ("gpu.yaml", "gcp.yaml", "azure.yaml") if name in FILES]
THEIRS = Versions(ray="2.60.0")
"""Ray of the images: the launcher's must be the same."""


def content(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CLUSTERS / name).read_text())
    return loaded


@pytest.mark.parametrize("name", LAUNCHED)
def test_ray_accepts_it(name: str) -> None:
    validate_config(prepare_config(content(name)))


@pytest.mark.parametrize("name", LAUNCHED)
def test_ray_would_refuse_a_mistake(name: str) -> None:
    cluster = content(name)
    cluster["max_wokers"] = 3
    with pytest.raises(Exception, match="max_wokers"):
        validate_config(prepare_config(cluster))


@pytest.mark.parametrize("name", FILES)
def test_our_check_finds_nothing(name: str) -> None:
    report = check_cluster(CLUSTERS / name, THEIRS)
    assert report.messages == []
    assert report.cluster.nodes[0].head
    assert sum(node.head for node in report.cluster.nodes) == 1


@pytest.mark.parametrize("name", LAUNCHED)
def test_every_node_gets_the_token(name: str) -> None:
    assert "~/.ray/auth_token" in content(name)["file_mounts"]


@pytest.mark.parametrize("name", [*CLOUDS, "kuberay.yaml"])
def test_gpu_workers_come_from_zero_and_go_again(name: str) -> None:
    cluster = read_cluster(CLUSTERS / name)
    assert {node.least for node in cluster.workers} == {0}
    assert all(node.gpus for node in cluster.workers)
    assert 0 < cluster.idle_minutes <= 10
    (head, *_) = cluster.nodes
    assert (head.cpus, head.spot) == (0, False)


@pytest.mark.parametrize("name", CLOUDS)
def test_there_are_spot_and_on_demand_machines_with_one_and_four_gpus(name: str) -> None:
    workers = read_cluster(CLUSTERS / name).workers
    assert {(node.gpus, node.spot) for node in workers} == {
        (1, True), (1, False), (4, True), (4, False)
    }  # fmt: skip
    for node in workers:
        assert node.price is not None
        cheaper = [n for n in workers if n.instance == node.instance and n.priority > node.priority]
        assert all((n.price or 0) < node.price for n in cheaper)


def test_the_images_hold_a_ray_that_the_project_takes() -> None:
    (ray,) = [
        r for r in map(Requirement, requires("tune_mc1") or ()) if r.name == "ray" and not r.marker
    ]
    found = {
        version
        for path in (*CLUSTERS.glob("*.yaml"), CLUSTERS / "Dockerfile")
        for version in re.findall(r"rayproject/ray:(\d+\.\d+\.\d+)-", path.read_text())
    }
    assert found == {THEIRS.ray}
    assert ray.specifier.contains(THEIRS.ray)


def test_the_price_is_that_of_what_is_always_up_and_of_the_dearest_workers() -> None:
    report = check_cluster(CLUSTERS / "gpu.yaml", THEIRS)
    prices = {node.name: node.price or 0.0 for node in report.cluster.nodes}
    assert report.price.idle == pytest.approx(prices["head"])
    dearest = prices["head"] + 2 * prices["gpu_4_spot"] + 2 * prices["gpu_1"]
    assert report.cluster.max_workers == 4
    assert report.price.most == pytest.approx(dearest)


def test_the_check_shows_what_ray_up_runs_in_its_order() -> None:
    runs = check_cluster(CLUSTERS / "gpu.yaml", THEIRS).runs
    head = "\n".join(runs["head"])
    order = ("copy .", "usermod", "docker pull", "docker run", "pip install --quiet -e", "--head")
    places = [head.index(part) for part in order]
    assert places == sorted(places)
    assert runs["gpu_1_spot"][-1].endswith("ray start --address=$RAY_HEAD_IP:6379")
    assert "gpu_4" not in runs  # its max_workers is 0


def test_the_command_prints_json_for_programs(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    text = (CLUSTERS / "kuberay.yaml").read_text()
    broken.write_text(text.replace("minReplicas: 0", "minReplicas: none"))
    for file, status in ((CLUSTERS / "local.yaml", 0), (broken, 2)):
        done = CliRunner().invoke(commands(), ["cluster", "check", str(file), "--json"])
        assert done.exit_code == status
        facts = json.loads(done.stdout)
        assert len(facts["mistakes"]) == (1 if status else 0)
        assert facts["nodes"][0]["head"] is True
        assert facts["usd_an_hour"] == {"idle": None, "most": None}


def test_files_of_a_cloud_are_found_by_their_provider() -> None:
    assert {read_cluster(CLUSTERS / name).provider for name in FILES} >= {
        "aws", "gcp", "azure", "local", "kuberay"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["gpu", "gcp", "azure", "onprem", "local"])
def test_only_results_at_the_top_stay_behind(name: str) -> None:
    """The package has a folder `results` too, which every node needs."""
    excluded = yaml.safe_load((CLUSTERS / f"{name}.yaml").read_text())["rsync_exclude"]
    assert "/results" in excluded
    assert not {"results", "wandb", "data"} & set(excluded)
