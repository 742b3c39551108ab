"""Cluster files with one mistake each, made from ours: one exact line each."""

import re
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
import yaml

from tests.support.bad_clusters import AWS, GCP, KUBERAY, LOCAL
from tests.support.bad_input import CommandLine
from tune_mc1.cluster.files.check import check_cluster
from tune_mc1.cluster.files.cluster_file import ray_autoscaler
from tune_mc1.cluster.files.findings import Topic
from tune_mc1.cluster.files.versions import Versions
from tune_mc1.config.yaml_file import read_documents
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
    found = [
        ("warning: " if message.warning else "")
        + re.sub(rf"^{re.escape(str(path))}(:\d+)?: ", "", message.text)
        for message in check_cluster(path, OURS).messages
    ]
    bare = [re.sub(r"(Python|needs) [<>=.,\d]+,", r"\1 RANGE,", line) for line in found]
    assert sorted(bare) == sorted(lines.split("\n"))


def test_all_mistakes_come_in_one_pass_with_their_lines_in_the_file(
    command_line: CommandLine,
) -> None:
    path = broken(command_line.here, "local", "type: local", "typ: local")
    text = path.read_text().replace("cluster_name:", "cluster_nme:").replace("ssh_user", "user")
    path.write_text(text)
    status, lines = command_line("cluster", "check", "local.yaml")
    assert status == 2
    mistakes = [line for line in lines if not line.startswith(("Note:", "Warning:"))]
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
        ("apiVersion: ray.io/v1\nkind: RayJop\n", "cluster.yaml:2: kind: must be one of "
         "RayCluster, RayCronJob, RayJob, RayService, did you mean 'RayJob'?, got 'RayJop' (see "
         "docs/cluster-check.md#fields)"),
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
    rule = "must set RAY_AUTH_MODE=token: the head requires a token, and workers send it only so"
    assert line.endswith(f": worker_start_ray_commands: {rule}")


def test_without_the_clients_of_clouds_it_says_what_was_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tune_mc1.cluster.files import check as cluster_check
    from tune_mc1.cluster.files import node_config as cluster_node_config

    for module in (cluster_check, cluster_node_config):
        monkeypatch.setattr(module, "has_botocore", lambda: False)
    path = broken(tmp_path, "gpu", "InstanceType: m5.xlarge", "InstanceType: m5.xlrage")
    report = check_cluster(path, OURS)
    assert report.mistakes == []
    assert any("pip install 'tune_mc1[cluster]'" in note for note in report.notes)


def test_a_folder_with_much_in_it_has_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = broken(tmp_path, "local", "", "")
    for name, size in ((".venv/lib/large.so", 2_150_000_000), ("results/rows", 40_000_000)):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        with file.open("wb") as hole:
            hole.truncate(size)
    (tmp_path / "results" / "gone").symlink_to(tmp_path / "nowhere")
    note = (
        "`ray up` reads all 2.2 GB in . each time, also what rsync_exclude leaves out; "
        "2.1 GB are in .venv"
    )
    assert note in check_cluster(path, OURS).notes
    (tmp_path / ".venv/lib/large.so").unlink()
    assert not any("reads all" in said for said in check_cluster(path, OURS).notes)


RAYS = ray_autoscaler()
RUNS_ON = """apiVersion: ray.io/v1
kind: RayJob
metadata: {name: sweep}
spec:
  clusterSelector: {ray.io/cluster: there}
  entrypoint: python -m tune_mc1 sweep grid --address auto -o s3://bucket/sweeps
"""


@pytest.mark.parametrize(
    ("provider", "errors"),
    [
        ("aws", []),
        ("azure", []),
        ("gcp", ["provider.project_id: is required"]),  # null in the file: Ray asserts it is not
        ("vsphere", ["node_config: is required"] * 3),  # by Ray's own schema
    ],
)
def test_rays_own_files_have_no_error_but_those_of_ray(provider: str, errors: list[str]) -> None:
    report = check_cluster(RAYS / provider / "defaults.yaml", OURS)
    assert len(report.mistakes) == len(errors)
    for line, rule in zip(report.mistakes, errors, strict=True):
        assert line.endswith(rule)
    assert any("auth_token" in line for line in report.warnings)


def test_a_minimal_file_has_rays_defaults(tmp_path: Path) -> None:
    path = tmp_path / "minimal.yaml"
    path.write_text("cluster_name: small\nprovider: {type: aws, region: us-west-2}\n")
    report = check_cluster(path, OURS)
    assert report.mistakes == []
    assert [node.name for node in report.cluster.nodes] == [
        "ray.head.default", "ray.worker.default"
    ]  # fmt: skip
    assert "ray start --head" in report.runs["ray.head.default"][-1]


def test_warnings_fail_only_a_strict_check(command_line: CommandLine) -> None:
    text = (CLUSTERS / "kuberay.yaml").read_text()
    (command_line.here / "k.yaml").write_text(text.replace("{mode: token}", "{mode: disabled}"))
    warning = "Warning: k.yaml:LINE: spec.rayClusterSpec.authOptions.mode: should be token: "
    for words, status in (((), 0), (("--strict",), 2)):
        done, lines = command_line("cluster", "check", "k.yaml", *words)
        assert done == status
        (line,) = [line for line in lines if not line.startswith("Note:")]
        assert re.sub(r":\d+:", ":LINE:", line, count=1).startswith(warning)
        assert line.endswith("(see docs/cluster-check.md#token)")


def test_every_reason_is_documented() -> None:
    page = (CLUSTERS.parent / "docs" / "cluster-check.md").read_text()
    for topic in get_args(Topic):
        assert re.search(rf"^#+ {topic.replace('-', '[- ]')}$", page, re.M | re.I), topic


def test_kinds_that_are_no_cluster_get_a_sentence_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(RUNS_ON)
    report = check_cluster(path, OURS)
    assert report.messages == []
    assert (
        "RayJob sweep runs on the RayCluster 'there', which is not in this file" in report.notes[0]
    )
    job = RUNS_ON.replace("\n", "\n  ").partition("spec:")[2].replace("\n  ", "\n    ")
    path.write_text(RUNS_ON.partition("spec:")[0].replace("RayJob", "RayCronJob")
                    + f'spec:\n  schedule: "0 0 * * *"\n  jobTemplate:{job}')  # fmt: skip
    report = check_cluster(path, OURS)
    assert report.messages == []
    assert any("starts a new sweep each time" in note for note in report.notes)
    cluster = read_documents(CLUSTERS / "kuberay.yaml")[0].content["spec"]["rayClusterSpec"]
    service = {"apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "s"},
               "spec": {"rayClusterConfig": cluster}}  # fmt: skip
    path.write_text(yaml.safe_dump(service))
    (message,) = check_cluster(path, OURS).messages
    assert message.warning
    assert "kind: serves models" in message.text


def test_nodes_with_different_versions_cannot_join(tmp_path: Path) -> None:
    path = tmp_path / "kuberay.yaml"
    text = (CLUSTERS / "kuberay.yaml").read_text()
    same = text.replace("REGISTRY/tune_mc1:ray-2.60.0", "rayproject/ray:2.57.0-py312-gpu")
    path.write_text(same.replace('rayVersion: "2.60.0"', 'rayVersion: "2.57.0"'))
    assert check_cluster(path, OURS).messages == []
    image = "rayproject/ray:2.57.0-py312-gpu"
    head, _, workers = path.read_text().partition("workerGroupSpecs")
    for other, rule in (
        ("2.58.0-py312", "must have Ray 2.57.0"),
        ("2.57.0-py311", "must have Python 3.12"),
    ):
        changed = workers.replace(image, image.replace("2.57.0-py312", other), 1)
        path.write_text(f"{head}workerGroupSpecs{changed}")
        (line,) = check_cluster(path, OURS).mistakes
        assert rule in line
