"""Cluster files with one mistake each, made from ours: one exact line each."""

import re
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.bad_clusters import AWS, GCP, KUBERAY, LOCAL
from tests.support.bad_input import CommandLine
from tune_mc1.cluster.files.check import check_cluster
from tune_mc1.cluster.files.versions import Versions
from tune_mc1.errors import InputError

CLUSTERS = Path(__file__).parents[2] / "clusters"
OURS = Versions(ray="2.60.0", python="3.11")
TABLE = [
    (name, old, new, lines)
    for name, table in (("gpu", AWS), ("gcp", GCP), ("local", LOCAL), ("kuberay", KUBERAY))
    for (old, new), lines in table.items()
]


def broken(folder: Path, name: str, old: str, new: str) -> Path:
    """One of our files with its first occurrence of a text replaced."""
    text = (CLUSTERS / f"{name}.yaml").read_text()
    assert old in text
    path = folder / f"{name}.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("name", "old", "new", "lines"), TABLE, ids=[f"{n}: {new[:40]}" for n, _, new, _ in TABLE]
)
def test_one_mistake_has_its_line(
    tmp_path: Path, name: str, old: str, new: str, lines: str
) -> None:
    path = broken(tmp_path, name, old, new)
    found = check_cluster(path, OURS).mistakes
    bare = [re.sub(rf"^{re.escape(str(path))}(:\d+)?: ", "", line) for line in found]
    assert sorted(re.sub(r"Python [<>=.,\d]+,", "Python RANGE,", line) for line in bare) == sorted(
        lines.split("\n")
    )


def test_all_mistakes_come_in_one_pass_with_their_lines_in_the_file(
    command_line: CommandLine,
) -> None:
    path = broken(command_line.here, "local", "type: local", "typ: local")
    text = path.read_text().replace("cluster_name:", "cluster_nme:").replace("ssh_user", "user")
    path.write_text(text)
    status, lines = command_line("cluster", "check", "local.yaml")
    assert status == 2
    mistakes = [line for line in lines if not line.startswith("Note:")]
    assert len(mistakes) >= 5
    for line in mistakes:
        number, key = re.findall(r"^local.yaml(?::(\d+))?: (?:\w+\.)*(\w+)", line)[0]
        if "unknown key" in line:
            assert key in text.splitlines()[int(number) - 1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "cluster.yaml: is empty, must contain a mapping of keys to values"),
        ("- 1\n", "cluster.yaml: must contain a mapping of keys to values, got other content"),
        ("method: grid\n", "cluster.yaml: must be a cluster file for Ray's launcher (cluster_name, "
         "provider, ...) or manifests for KubeRay (apiVersion: ray.io/v1), got other content"),
        ("apiVersion: ray.io/v1\nkind: RayJob\n", "cluster.yaml: must have a RayCluster, or a "
         "RayJob with a rayClusterSpec"),
        ("a: [1\n", "cluster.yaml:2: is not valid YAML: expected ',' or ']', but got '<stream "
         "end>'"),
    ],
)  # fmt: skip
def test_what_is_no_cluster_file_is_said(command_line: CommandLine, text: str, line: str) -> None:
    (command_line.here / "cluster.yaml").write_text(text)
    command_line.refuses("cluster", "check", "cluster.yaml", message=line)


def test_a_file_of_other_types_is_refused_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    for value in ("1", "text", "[1, {}]", "{a: {b: c}}", "null"):
        for key in ("provider", "auth", "docker", "available_node_types", "file_mounts",
                    "setup_commands", "head_start_ray_commands", "max_workers"):  # fmt: skip
            path.write_text(f"cluster_name: c\n{key}: {value}\n")
            with suppress(InputError):
                assert check_cluster(path, OURS).mistakes


def test_workers_must_show_the_token(tmp_path: Path) -> None:
    path = tmp_path / "gpu.yaml"
    path.write_text((CLUSTERS / "gpu.yaml").read_text().replace("RAY_AUTH_MODE=token", "A=b"))
    (line,) = check_cluster(path, OURS).mistakes
    rule = "must set RAY_AUTH_MODE=token, so that the head requires a token and workers send it"
    assert line.endswith(f": worker_start_ray_commands: {rule}")


def test_without_the_clients_of_clouds_it_says_what_was_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tune_mc1.cluster.files import check as cluster_check
    from tune_mc1.cluster.files import kuberay_rules
    from tune_mc1.cluster.files import node_config as cluster_node_config

    for module in (cluster_check, cluster_node_config):
        monkeypatch.setattr(module, "has_botocore", lambda: False)
    path = broken(tmp_path, "gpu", "InstanceType: m5.xlarge", "InstanceType: m5.xlrage")
    report = check_cluster(path, OURS)
    assert report.mistakes == []
    assert any("pip install 'tune_mc1[cluster]'" in note for note in report.notes)
    for module in (cluster_check, kuberay_rules):
        monkeypatch.setattr(module, "has_kubernetes_schema", lambda: False)
    path = broken(tmp_path, "kuberay", "          tolerations:", "          toleration:")
    report = check_cluster(path, OURS)
    assert report.mistakes == []
    assert any("pip install 'tune_mc1[kuberay]'" in note for note in report.notes)
