"""`sbatch clusters/slurm.sh` on a real Slurm with two nodes.

Sweeps on both, arrays, the GPUs that Slurm gives, the time limit, preemption, and signals.
"""

import os
from collections.abc import Iterator

import pytest

from tests.lab.on_slurm import Place, epochs_of, on_slurm, sweep_of
from tests.lab.slurm import missing
from tests.lab.sweeping import same
from tests.support.faults import events, trials

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


EPOCHS = 150
"""Of each trial that meets the limit: Slurm looks at limits twice a minute only."""

URGENT = "--partition=urgent --nodes=2 --exclusive --wrap='sleep 5'"

TELLS_ITS_GPU = """
import os
import socket
import time
from pathlib import Path
import tune_mc1
seen = Path("SEEN")
Path(seen, socket.gethostname()).touch()
end = time.monotonic() + 100
while len(list(seen.iterdir())) < 2 and time.monotonic() < end:
    time.sleep(0.2)
tune_mc1.report({"gpu": int(os.environ["CUDA_VISIBLE_DEVICES"])})
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if (reason := missing()) is not None:
        required = os.environ.get("TUNE_MC1_CLUSTER") == "required"
        (pytest.fail if required else pytest.skip)(reason)
    folders = (tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("lab"))
    with on_slurm(*folders) as here:
        yield here


def test_a_sweep_uses_both_nodes_and_leaves_nothing(place: Place) -> None:
    folder = place.folder("both")
    job = place.submit(folder, place.content(epochs=3))
    state = place.slurm.wait(job, 300)
    assert state["JobState"] == "COMPLETED", place.slurm.output(job)
    root = sweep_of(folder, job)
    table = trials(root)
    assert list(table["state"]) == ["completed"] * 4
    assert {e["node"] for e in events(root, "epoch")} == {"host4", "host5"}
    assert {e["resources"]["gpu"] for e in events(root, "start") if "resources" in e} <= {0.5, 1.0}
    place.leaves_nothing()
    assert not (root.parent / "ray_token").exists()


@pytest.mark.slow
def test_each_task_of_an_array_is_a_sweep_of_its_own(place: Place) -> None:
    """Both may be on one node at the same time."""
    folder = place.folder("array")
    content = place.content(epochs=2)
    content["parameters"]["learning_rate"] = {"values": [0.01, 0.03]}
    array = place.submit(folder, content, "--set seed=%a", options="--array=3-4 --nodes=1")
    ends = {}
    for task in (3, 4):
        ends[task] = place.slurm.wait(f"{array}_{task}", 200)
        assert ends[task]["JobState"] == "COMPLETED", place.slurm.output(ends[task]["JobId"])
        assert ends[task]["NumNodes"] == "1"
    roots = {task: sweep_of(folder, job) for task, job in place.slurm.tasks(array).items()}
    assert roots.keys() == {3, 4}
    for task, root in roots.items():
        content["parameters"]["seed"] = {"value": task}
        same(root, place.alone(folder, f"alone{task}", content))
    place.leaves_nothing()
    said = place.lab.client.run(
        f"cd {folder} && python -m tune_mc1 report results/slurm-*/*/ -o both",
        env={"PYTHONPATH": place.path},
    )
    assert (folder / "both" / "report.html").exists(), said


def test_trials_have_the_gpu_that_slurm_gave(place: Place) -> None:
    """Which is another one on each node, as another job has the first one of one node."""
    folder = place.folder("gpus")
    (folder / "seen").mkdir()
    (folder / "tell.py").write_text(TELLS_ITS_GPU.replace("SEEN", str(folder / "seen")))
    content = {
        "program": "tell.py",
        "method": "grid",
        "metric": {"name": "gpu", "goal": "maximize"},
        "parameters": {"x": {"values": [1, 2]}},
        "resources": {"cpu": 1, "gpu": 1},
    }
    other = place.slurm.sbatch(
        folder, "--nodelist=host4 --gpus-per-node=1 --wrap='echo $CUDA_VISIBLE_DEVICES; sleep 300'"
    )
    place.slurm.wait(other, 60, "RUNNING")
    job = place.submit(folder, content)
    state = place.slurm.wait(job, 200)
    assert state["JobState"] == "COMPLETED", place.slurm.output(job)
    place.slurm.cancel(other)
    assert (folder / f"slurm-{other}.out").read_text().startswith("0\n")
    seen = {(e["node"], e["metrics"]["gpu"]) for e in events(sweep_of(folder, job), "epoch")}
    assert seen == {("host4", 1), ("host5", 0)}


@pytest.mark.slow
def test_a_sweep_that_meets_the_time_limit_is_requeued_and_goes_on(place: Place) -> None:
    folder, job = place.begin("limit", EPOCHS, options="--time=30 --signal=B:USR1@60")
    place.slurm.end_soon(job)
    place.slurm.wait(job, 250, "PENDING", "REQUEUED")
    place.slurm.limit(job, 30)
    place.was_cut_off(folder, job, EPOCHS)
    assert "The time limit is near" in place.slurm.output(job)
    place.goes_on(folder, job, EPOCHS)


@pytest.mark.slow
def test_a_sweep_that_is_preempted_is_requeued_and_goes_on(place: Place) -> None:
    folder, job = place.begin("preempted", epochs=100)
    urgent = place.slurm.sbatch(folder, URGENT)
    place.slurm.wait(urgent, 90)
    place.was_cut_off(folder, job, 100)
    place.leaves_nothing()
    place.goes_on(folder, job, 100)


@pytest.mark.slow
def test_a_sweep_that_is_preempted_with_notice_is_requeued_and_goes_on(place: Place) -> None:
    """Slurm tells the nodes' steps alone, and ends the job only when the `GraceTime` is over."""
    folder, job = place.begin("graceful", epochs=100, options="--partition=graceful")
    urgent = place.slurm.sbatch(folder, URGENT)
    place.slurm.wait(urgent, 200)
    place.was_cut_off(folder, job, 100)
    place.goes_on(folder, job, 100)


@pytest.mark.slow
def test_a_signal_to_the_nodes_stops_the_sweep_for_good(place: Place) -> None:
    folder, job = place.begin("signal", epochs=100)
    place.slurm.cancel(job, "--signal=TERM")
    state = place.slurm.wait(job, 200)
    assert state["Restarts"] == "0"
    assert "the job is not requeued" in place.slurm.output(job)
    assert epochs_of(folder, job)
    place.leaves_nothing()
