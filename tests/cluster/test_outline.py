"""The dry run of a sweep on a cluster: one that runs, or what a cluster file allows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster

from tests.cli.test_cli import HEAVY, as_process, tune_mc1
from tests.support.bad_input import CommandLine
from tests.support.in_process import disconnect
from tune_mc1.cluster.files.placement import outline_on_file, outline_on_running
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import Plan, prepare

GPU_FILE = Path(__file__).parents[2] / "clusters" / "gpu.yaml"
SWEEP = "method: grid\nfuse: off\nparameters:\n  learning_rate: {values: [LIST]}\n"


def planned(folder: Path, trials: int, extra: str = "") -> Plan:
    """A grid of so many trials."""
    values = ", ".join(f"{0.001 * (i + 1):.3f}" for i in range(trials))
    path = folder / "sweep.yaml"
    path.write_text(SWEEP.replace("LIST", values) + extra)
    return prepare("grid", path, PlanFlags.of(data="shapes10"))


def machines(facts: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Machines used and trials at once in each, by the name of their kind."""
    kinds = facts["cluster"]["machines"]
    return {kind["name"]: (kind["used"], kind["trials_at_once"]) for kind in kinds}


def test_few_trials_use_few_machines_and_the_cheap_ones_first(tmp_path: Path) -> None:
    facts = outline_on_file(planned(tmp_path, 6), GPU_FILE)
    assert machines(facts)["head"] == (1, 0)
    assert machines(facts)["gpu_1_spot"] == (2, 3)  # a third of a GPU each: no more machines
    assert {name for name, (used, _) in machines(facts).items() if used} == {"head", "gpu_1_spot"}
    assert facts["resources"] == {"cpu": 1, "gpu": 0.3333, "trials_at_once": 6}


def test_many_trials_never_use_more_machines_than_the_file_allows(tmp_path: Path) -> None:
    facts = outline_on_file(planned(tmp_path, 300), GPU_FILE)
    used = machines(facts)
    assert sum(n for name, (n, _) in used.items() if name != "head") == 4  # max_workers
    assert facts["resources"]["trials_at_once"] == 16


def test_the_price_is_that_of_the_machines_for_the_time_and_the_idle_minutes(
    tmp_path: Path,
) -> None:
    facts = outline_on_file(planned(tmp_path, 16), GPU_FILE)
    hours = facts["forecast_seconds"] / 3600
    head, spot = 0.192, 0.42
    assert facts["cluster"]["usd_an_hour"] == pytest.approx(head + 4 * spot)
    expected = (head + 4 * spot) * hours + 4 * spot * 5 / 60
    assert facts["cluster"]["usd"] == pytest.approx(expected, abs=0.01)
    assert any("GPUs were not measured" in note for note in facts["cluster"]["notes"])
    assert any("spot prices vary" in note for note in facts["cluster"]["notes"])


def test_trials_that_need_many_cores_get_machines_that_have_them(tmp_path: Path) -> None:
    plan = planned(tmp_path, 9, "resources: {cpu: 12, gpu: 1}\n")
    facts = outline_on_file(plan, GPU_FILE)
    assert machines(facts)["gpu_4_spot"] == (2, 4)
    assert machines(facts)["gpu_1_spot"] == (0, 0)
    assert facts["resources"]["trials_at_once"] == 8


@pytest.mark.parametrize(
    ("resources", "changes", "line"),
    [
        ("{cpu: 1, gpu: 1}", {}, None),
        ("{cpu: 1, gpu: 1}", {"max_workers: 4\n": "max_workers: 0\n",
         "max_workers: 2": "max_workers: 0", "{CPU: 0}": "{CPU: 4}"},
         "gpu.yaml: resources.gpu: must be at most what one node has, or one that may come (0), "
         "got 1"),
        ("{cpu: 64, gpu: 1}", {}, "gpu.yaml: resources.cpu: must be at most what one node has, or "
            "one that may come (48), got 64"),
    ],
)  # fmt: skip
def test_a_trial_that_no_machine_can_hold_is_a_mistake(
    command_line: CommandLine, resources: str, changes: dict[str, str], line: str | None
) -> None:
    planned(command_line.here, 2, f"resources: {resources}\n")
    text = GPU_FILE.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (command_line.here / "gpu.yaml").write_text(text)
    words = ("sweep", "grid", "sweep.yaml", "-d", "shapes10", "--dry-run", "--cluster", "gpu.yaml")
    status, lines = command_line(*words)
    said = [text for text in lines if not text.startswith("Note:")]
    assert (status, said) == ((2, [line]) if line else (0, []))


def test_cores_and_gpus_must_be_in_one_machine(tmp_path: Path) -> None:
    file = tmp_path / "gpu.yaml"
    text = GPU_FILE.read_text().replace("m5.xlarge", "m5.2xlarge").replace("{CPU: 0}", "{CPU: 8}")
    file.write_text(text.replace("max_workers: 2", "max_workers: 0"))
    plan = planned(tmp_path, 2, "resources: {cpu: 8, gpu: 1}\n")
    with pytest.raises(InputError, match="must fit into one node"):
        outline_on_file(plan, file)


REFUSED = {
    (
        "--cluster",
        "FILE",
    ): "--cluster: only valid with --dry-run; --address names a running cluster",
    ("--dry-run", "--cluster", "FILE", "--address", "auto"): "--cluster: not valid with "
    "--address, which names a running cluster",
    ("--dry-run", "--cluster", "nowhere.yaml"): "nowhere.yaml: no such file",
    ("--dry-run", "--cluster", "own.yaml"): "own.yaml: does not specify its machines' resources; "
    "start it and use --dry-run --address",
    ("--dry-run", "--address", "127.0.0.1:1"): "--address 127.0.0.1:1: cannot be reached: "
    "Connection refused",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_flags_that_do_not_go_together(command_line: CommandLine, words: tuple[str, ...]) -> None:
    planned(command_line.here, 2)
    own = "cluster_name: c\nprovider: {type: local, head_ip: 10.0.0.1, worker_ips: []}\n"
    (command_line.here / "own.yaml").write_text(
        own + "auth: {ssh_user: me}\nfile_mounts: {~/.ray/auth_token: ~/.ray/auth_token}\n"
        "setup_commands: [pip install tune_mc1]\n"
    )
    spelled = [str(GPU_FILE) if word == "FILE" else word for word in words]
    command = ("sweep", "grid", "sweep.yaml", "-d", "shapes10", *spelled)
    command_line.refuses(*command, message=REFUSED[words])


def test_a_study_asks_the_cluster_that_is_named(command_line: CommandLine) -> None:
    words = ("study", "adam", "-d", "shapes10", "--dry-run", "--address", "127.0.0.1:1")
    command_line.refuses(*words, message=REFUSED["--dry-run", "--address", "127.0.0.1:1"])


def test_programs_read_it_and_neither_torch_nor_ray_is_loaded(tmp_path: Path) -> None:
    planned(tmp_path, 6)
    words = ("sweep", "grid", tmp_path / "sweep.yaml", "-d", "shapes10", "--dry-run")
    done = as_process(*words, "--cluster", GPU_FILE, "--json", code=HEAVY)
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stderr
    assert machines(json.loads(done.stdout))["gpu_1_spot"] == (2, 3)
    shown = tune_mc1(*words, "--cluster", GPU_FILE).stdout
    assert "6 at once" in shown
    assert "USD per hour with these machines" in shown


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[str]:
    """A cluster of a machine with four GPUs and one with two cores."""
    disconnect()
    cluster = Cluster()
    cluster.add_node(num_cpus=2, num_gpus=0, include_dashboard=False)
    cluster.add_node(num_cpus=8, num_gpus=4)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster.address
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]


def test_a_cluster_that_runs_is_shown_machine_by_machine(two_nodes: str, tmp_path: Path) -> None:
    facts = outline_on_running(planned(tmp_path, 40), two_nodes)
    rooms = [(k["cpus"], k["gpus"], k["used"], k["trials_at_once"])
             for k in facts["cluster"]["machines"]]  # fmt: skip
    assert sorted(rooms) == [(2, 0, 0, 0), (8, 4, 1, 8)]
    assert facts["resources"]["trials_at_once"] == 8
    words = ("study", "adam", "-d", "shapes10", "--dry-run", "--json", "--address", two_nodes)
    study = as_process(*words)
    assert [k["cpus"] for k in json.loads(study.stdout)["cluster"]["machines"]], study.stderr
    plan = planned(tmp_path, 2, "resources: {cpu: 16, gpu: 0}\n")
    with pytest.raises(InputError, match=r"resources.cpu: must be at most what one node .*\(8\)"):
        outline_on_running(plan, two_nodes)
