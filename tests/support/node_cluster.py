"""Clusters of many nodes in one process tree, and trials that tell where they ran."""

import io
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import ray
from ray import tune
from ray.cluster_utils import Cluster
from rich.console import Console

from tests.support.in_process import disconnect, forks_of_tests
from tune_mc1.cluster.nodes import cluster_capacity
from tune_mc1.cluster.ray_runtime import QUIET_RAY
from tune_mc1.cluster.ray_tokens_private import AUTH_MODE, set_auth_mode
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.resources import Resources
from tune_mc1.data.images import ImageData
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare
from tune_mc1.planning.resources import choose_resources
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import trial_event
from tune_mc1.results.head import sweep_event, write_head
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running import driver as sweep_module
from tune_mc1.running import ray_tuner, tuning
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.live_view import SweepView

Record = dict[str, Any]

PATIENT_RAY = {
    "RAY_worker_register_timeout_seconds": "900",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_worker_prestart": "0",
}
"""So many processes on a few cores start slowly, and Ray gives up on each after a minute. No trial
has a use for the processes that Ray starts beforehand: they lack the environment of its job."""


@contextmanager
def gpu_cluster(
    nodes: Sequence[tuple[int, int]], *, connect: bool = True, forks: bool = True
) -> Iterator[Cluster]:
    """A cluster with a head that takes no trials.

    Args:
        nodes: Cores and GPUs, which need not exist, of each node beside the head.
        connect: Whether this process is to be its driver.
        forks: Whether trials are to run in forks of a process that has imported the libraries.
    """
    disconnect()
    mode = os.environ.get(AUTH_MODE)
    os.environ.update(QUIET_RAY)
    forked = forks_of_tests() if forks else None
    with (
        TemporaryDirectory(prefix="ray-") as folder,
        patch.dict(os.environ, PATIENT_RAY),
        forked.taken() if forked else nullcontext(),
        patch("ray._private.utils.write_ray_address"),  # it would be `auto` for all of the machine
    ):
        head = {"num_cpus": 0, "temp_dir": folder, "include_dashboard": False}
        set_auth_mode("disabled")
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for cpus, gpus in nodes:
                cluster.add_node(num_cpus=cpus, num_gpus=gpus, wait=False)
            cluster.wait_for_nodes()
            if connect:
                ray.init(
                    cluster.address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    runtime_env={"env_vars": QUIET_RAY},
                )
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()  # type: ignore[no-untyped-call]
            set_auth_mode(mode)


def telling_trial(config: dict[str, Any], context: Any, data: Any) -> None:
    """Trains nothing; writes down each epoch with its node and GPUs, and goes on after the last.

    Its learning rate times 100 is the seconds that an epoch takes. It waits first until as many
    trials have started as file `together` of the sweep says.
    """
    if not config["trials"]:  # it had ended just before its process was lost
        return
    runtime = ray.get_runtime_context()
    place = {"node": runtime.get_node_id(), "gpus": runtime.get_accelerator_ids()["GPU"]}
    spec = config["trials"][0]
    file = context.root / "told" / f"{spec['id']}.jsonl"
    done = len(file.read_text().splitlines()) if file.exists() else 0
    (context.root / "here" / spec["id"]).touch()
    while len(list((context.root / "here").iterdir())) < int(
        (context.root / "together").read_text()
    ):
        time.sleep(0.1)
    for epoch in range(done + 1, spec["config"]["epochs"] + 1):
        began = time.time()
        time.sleep(spec["config"]["learning_rate"] * 100)
        record = {"trial": spec["id"], "epoch": epoch, "began": began, "ended": time.time()}
        with file.open("a") as lines:
            lines.write(json.dumps(record | place | {"gpu": context.gpu}) + "\n")
        row = {
            "epoch": epoch,
            **dict.fromkeys(epoch_metrics(), 0.5),
            "learning_rate": 0.01,
            "steps": epoch,
            "seconds": 1.0,
            "images_per_second": 1.0,
            "node": place["node"],
            "device_name": "none",
        }
        tune.report({"rows": [{"trial": spec["id"], **row}], "epoch": epoch, "val_acc": 0.5})


def telling_sweep(
    folder: Path,
    images: ImageData,
    trials: int,
    *,
    together: int = 0,
    seconds: float = 0.0,
    epochs: int = 2,
    resources: Resources | None = None,
    max_concurrent: int | None = None,
    max_failures: int = 2,
    trial: Callable[..., None] | None = None,
) -> tuple[list[Record], ResultWriter]:
    """Runs our sweep over trials that tell where they ran, on the Ray that is connected.

    Args:
        folder: Where results go.
        images: The images, of which the trials make nothing.
        trials: How many.
        together: How many of them wait for each other, so that they run at once for certain.
        seconds: Of each epoch.
        epochs: Of each trial.
        resources: As in a sweep file.
        max_concurrent: Most trials at once.
        max_failures: As in a sweep file.
        trial: What runs instead of `telling_trial`.

    Returns:
        What the trials wrote down, in order of time, and the results.
    """
    seeds = "seed=" + ",".join(map(str, range(trials)))
    rate = f"learning_rate={max(seconds, 1e-6) / 100}"
    overrides = [f"epochs={epochs}", "batch_size=32", rate, seeds]
    plan = prepare("grid", None, PlanFlags.of(overrides, data="shapes10", fuse="off"))
    given = {"resources": resources, "max_failures": max_failures}
    sweep = plan.sweep.model_copy(update=given)
    where = ResultDir.create(folder, "told")
    for name in ("told", "here"):
        (where.root / name).mkdir()
    (where.root / "together").write_text(str(together))
    run = SweepRun(sweep, plan.trials, images, where, max_concurrent=max_concurrent)
    each = choose_resources(resources, cluster_capacity())
    write_head(where, sweep, images)
    writer = ResultWriter(where)
    writer.write(sweep_event(sweep, images), *(trial_event(t) for t in plan.trials))
    view = SweepView(Console(file=io.StringIO()), trials)
    context = sweep_module._context(run, each)
    instead = patch.object(ray_tuner, "run_in_tune", trial or telling_trial)
    with instead, view.showing(writer.tables):
        tuning.tune_trials(run, context, ray.put(images), each, writer, view)
    writer.close()
    return told(where.root), writer


def told(root: Path) -> list[Record]:
    """What the trials of a sweep have written down so far, in order of time."""
    lines = [line for file in (root / "told").iterdir() for line in file.read_text().splitlines()]
    return sorted(map(json.loads, lines), key=lambda record: record["ended"])
